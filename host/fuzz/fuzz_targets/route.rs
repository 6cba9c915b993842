//! Fuzzes request paths: normalization and routing.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use spikard_wasm_app::{App, Defaults, Description, Hit, Method, RouteDescription};

static APPS: LazyLock<Vec<App>> = LazyLock::new(|| {
    let paths = [
        "/",
        "/a",
        "/a/",
        "/a/{b}",
        "/a/{b}/c",
        "/%7e/{id:int}",
        "/{x}/{y}",
        "/f/{*rest}",
        "/f/g/{*rest}",
    ];
    let app = |policy: &str| {
        let description = Description {
            name: "fuzz".to_owned(),
            routes: paths
                .map(|path| RouteDescription::new(Method::Get, path))
                .to_vec(),
            settings: format!("{{\"trailing_slash\": \"{policy}\"}}"),
            ..Description::default()
        };
        App::new(&description, &Defaults::default()).expect("the app is right")
    };
    ["strict", "redirect", "ignore"].map(app).into()
});

fuzz_target!(|path: &str| {
    for app in APPS.iter() {
        let _ = app.find("GET", path, |hit| match hit {
            Hit::Route { values, route, .. } => {
                assert_eq!(values.iter().count(), route.pattern().names().len());
            }
            Hit::Redirect { to } => assert!(to.starts_with('/') && !to.starts_with("//")),
            Hit::Options { .. } => unreachable!("the method is GET"),
        });
    }
});
