//! State that one request leaves for the next: none with `fresh`; with `reuse`, everything in the
//! instance. See docs/architecture.md.

use serde_json::{Value, json};
use spikard_wasm_testing::{Random, Server, define, guest};

use super::tables;
use crate::support::{Lane, host, on_every_lane};

on_every_lane!(a_counter_in_a_global_variable);

fn with(policy: &str) -> [&str; 6] {
    [
        "--workers",
        "1",
        "--max-instances",
        "2",
        "--instances",
        policy,
    ]
}

fn a_counter_in_a_global_variable(lane: Lane) {
    let counts = |policy: &str| {
        let server = lane.serve("faulty", &with(policy));
        let client = server.client();
        let counts: Vec<Value> = (0..5).map(|_| client.get("/count").json()).collect();
        server.stop();
        counts
    };
    assert_eq!(
        counts("fresh"),
        [1; 5].map(|calls| json!({ "calls": calls }))
    );
    assert_eq!(
        counts("reuse"),
        [1, 2, 3, 4, 5].map(|calls| json!({ "calls": calls }))
    );
}

/// Stores a secret in the memory of an instance and searches the memory of later ones for it.
fn search(server: &Server) -> Vec<Value> {
    let client = server.client();
    let secret = Random::new().bytes(24);
    let hidden: String = secret.iter().map(|byte| format!("{:02x}", !byte)).collect();
    let look = || {
        client
            .send("GET", "/search", &[("x-secret", &hidden)], b"")
            .json()
    };
    let mut seen = vec![look()];
    for _ in 0..4 {
        let response = client.post("/keep", "application/octet-stream", &secret);
        assert_eq!(response.text(), "kept");
        seen.push(look());
    }
    seen
}

#[test]
fn secrets_in_memory() {
    let app = guest("hostile");
    let serve = |policy| host().serve(Some(&app)).args(with(policy)).start();
    let server = serve("fresh");
    for seen in search(&server) {
        for (member, value) in [("calls", 1), ("kept", 0), ("places", 0)] {
            assert_eq!(seen[member], value, "{seen}");
        }
    }
    server.stop();
    let server = serve("reuse");
    let seen = search(&server);
    assert_eq!(seen[0]["places"], 0, "{}", seen[0]);
    for (index, seen) in seen.iter().enumerate().skip(1) {
        assert_eq!(seen["calls"], 1 + 2 * index, "{seen}");
        assert_eq!(seen["kept"], 24, "{seen}");
        assert!(seen["places"].as_u64() >= Some(2), "{seen}");
    }
    server.stop();
}

#[test]
fn globals_and_tables() {
    let app = tables::app(1);
    let counts = |policy: &str| {
        let server = host().serve(Some(&app)).args(with(policy)).start();
        let client = server.client();
        let counts: Vec<Value> = (0..4).map(|_| client.get("/state").json()).collect();
        server.stop();
        counts
    };
    assert_eq!(counts("fresh"), [1; 4].map(|n| json!([n, n, n])));
    assert_eq!(counts("reuse"), [1, 2, 3, 4].map(|n| json!([n, n, n])));
}

/// Precedence of instance policies: the route, then the app, then the flag.
#[test]
fn instance_policy_of_a_route() {
    let fresh = json!({"instances": "fresh"}).to_string();
    let reuse = json!({"instances": "reuse"}).to_string();
    let counts = |app: &str, flag: &str| {
        let app = define(
            &json!({"count": true, "app": {"name": "a", "settings": app, "routes": [
                {"method": "GET", "path": "/plain"},
                {"method": "GET", "path": "/fresh", "settings": fresh},
                {"method": "GET", "path": "/reuse", "settings": reuse},
            ]}}),
        );
        let mut args = with(flag);
        // In a full pool, a fresh instance that the keeper is making would take the place of an idle one.
        args[3] = "4";
        let server = host().serve(Some(&app)).args(args).start();
        let client = server.client();
        let last = |path: &str| {
            let counts: Vec<Value> = (0..3)
                .map(|_| client.get(path).json()["handle"].clone())
                .collect();
            counts[2].as_u64()
        };
        // A `fresh` route and a `reuse` route never share an instance.
        let counts = ["/fresh", "/reuse", "/fresh", "/plain"].map(last);
        server.stop();
        counts.map(|count| count.unwrap_or_default())
    };
    assert_eq!(counts("", "reuse"), [1, 3, 1, 6]);
    assert_eq!(counts("", "fresh"), [1, 3, 1, 1]);
    assert_eq!(counts(&fresh, "reuse"), [1, 3, 1, 1]);
    assert_eq!(counts(&reuse, "fresh"), [1, 3, 1, 6]);
}
