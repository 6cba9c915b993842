//! Fuzzes descriptions. The lines of the input are the app's settings, then the parameters,
//! body, replies, settings and path of one route, then a request path and query.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spikard_wasm_app::{App, Defaults, Description, Method, RouteDescription};
use spikard_wasm_fuzz::{Head, check_params};

fuzz_target!(|text: &str| {
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default().to_owned();
    let description = Description {
        name: "fuzz".to_owned(),
        settings: next(),
        routes: vec![RouteDescription {
            parameters: next(),
            body: next(),
            replies: next(),
            settings: next(),
            ..RouteDescription::new(Method::Get, next())
        }],
        ..Description::default()
    };
    match App::new(&description, &Defaults::default()) {
        Ok(app) => {
            let path = next();
            let query = next();
            let header = query.as_bytes();
            check_params(
                &app,
                &path,
                &Head {
                    query: &query,
                    header,
                },
            );
            let _ = app.routes()[0].check_reply(200, Some("application/json"), query.as_bytes());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
