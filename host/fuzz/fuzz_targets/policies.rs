//! Fuzzes the headers that policies read (tokens, keys, origins, codings and ids) with
//! arbitrary bytes, and the paths of static files.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use spikard_wasm_app::policy::{AdmissionRecord, Compression, Policies, Preflight};
use spikard_wasm_app::{App, Defaults, Description, Method, Refusal, RouteDescription};
use spikard_wasm_fuzz::Head;

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PUBLIC_KEY: &str = include_str!("../../app/tests/keys/rsa.pub.pem");

/// An app whose routes each have a policy that reads a header.
static APP: LazyLock<App> = LazyLock::new(|| {
    let settings = json!({
        "request_id": true,
        "compression": true,
        "cors": {"origins": ["https://a.example"], "credentials": true, "headers": "*"},
        "rate_limit": {"requests": 1000, "per": "second", "by": {"header": "x"}},
        "static": [{"prefix": "/", "folder": "a"}, {"prefix": "/public", "folder": "b"}],
    });
    let routes = [
        json!({"jwt": {"secret": "an unguessable secret"}}),
        json!({"jwt": {"algorithms": ["RS256", "PS256"], "public_key": PUBLIC_KEY}}),
        json!({"api_key": {"keys": ["an unguessable key"], "cookie": "key"}}),
    ];
    let routes = routes
        .iter()
        .enumerate()
        .map(|(index, settings)| RouteDescription {
            settings: settings.to_string(),
            ..RouteDescription::new(Method::Get, format!("/{index}"))
        });
    let description = Description {
        name: "fuzz".to_owned(),
        settings: settings.to_string(),
        routes: routes.collect(),
        ..Description::default()
    };
    App::new(&description, &Defaults::default()).expect("the app is right")
});

fuzz_target!(|header: &[u8]| {
    let text = std::str::from_utf8(header).unwrap_or_default();
    for (index, route) in APP.routes().iter().enumerate() {
        let policies = route.policies().expect("policies");
        for bytes in [header, &[b"Bearer ", header].concat()] {
            let head = Head {
                query: text,
                header: bytes,
            };
            let mut admitted = AdmissionRecord::default();
            let outcome = policies.admit(&head, PEER, index as u32, &mut admitted);
            assert!(
                admitted
                    .rate
                    .is_some_and(|rate| rate.remaining <= rate.limit)
            );
            check_sendable(&outcome.expect_err("a request without the secret is refused"));
        }
    }
    let policies: &Policies = APP.policies().expect("policies");
    let cors = policies.cors.as_ref().expect("a policy");
    let asked = |origin| Preflight {
        origin,
        method: header,
        headers: header,
        allow: "GET",
    };
    for (_, value) in cors.of_response(Some(header)) {
        check_header_value(&value);
    }
    for origin in [header, b"https://a.example"] {
        match cors.of_preflight(asked(origin)) {
            Ok(headers) => headers
                .iter()
                .for_each(|(_, value)| check_header_value(value)),
            Err(refusal) => check_sendable(&refusal),
        }
    }
    let _ = policies
        .compression
        .as_ref()
        .expect("a policy")
        .choose(header);
    let _ = Compression::is_compressible(text);
    if let Some(id) = policies.request_id.as_ref().expect("a policy").take(header) {
        check_header_value(id);
    }
    if let Some((_, rest)) = APP.mount(text) {
        assert!(rest.is_empty() || rest.starts_with('/'));
    }
    let _ = APP.about(text, text);
});

/// Checks that the problem document is small and its header is valid.
fn check_sendable(refusal: &Refusal) {
    if let Some((_, value)) = refusal.header() {
        check_header_value(&value);
    }
    let document = refusal.clone().into_problem().to_json();
    assert!(document.len() < 4096, "{document}");
}

fn check_header_value(value: &str) {
    assert!(
        value.bytes().all(|byte| matches!(byte, b' '..=b'~')),
        "{value:?}"
    );
}
