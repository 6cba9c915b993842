//! Fuzzes path patterns: the router must accept every pattern that parses.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spikard_wasm_app::{
    App, AppError, Defaults, Description, Method, PathPattern, RouteDescription,
};

fuzz_target!(|text: &str| {
    let patterns: Vec<_> = text.split('\n').take(8).collect();
    if patterns
        .iter()
        .any(|pattern| PathPattern::parse(pattern).is_err())
    {
        return;
    }
    let routes = patterns
        .iter()
        .map(|path| RouteDescription::new(Method::Get, *path));
    let description = Description {
        name: "fuzz".to_owned(),
        routes: routes.collect(),
        ..Description::default()
    };
    match App::new(&description, &Defaults::default()) {
        Ok(app) => {
            for path in patterns {
                let _ = app.find("GET", path, |_| ());
            }
        }
        Err(error) => assert!(matches!(error, AppError::Collision(..)), "{error}"),
    }
});
