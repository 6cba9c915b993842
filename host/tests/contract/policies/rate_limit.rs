//! Rate limits.

use serde_json::json;
use spikard_wasm_testing::Response;

use super::App;

fn state(response: &Response) -> (u16, [&str; 4]) {
    let names = [
        "ratelimit-limit",
        "ratelimit-remaining",
        "ratelimit-reset",
        "retry-after",
    ];
    (response.status, names.map(|name| response.header(name)))
}

#[test]
fn requests_above_the_limit_are_429() {
    let server = App::new(json!({}))
        .route(
            "GET",
            "/",
            json!({"rate_limit": {"requests": 1, "per": "hour", "burst": 2}}),
        )
        .route(
            "GET",
            "/fast",
            json!({"rate_limit": {"requests": 5, "per": "second", "burst": 1}}),
        )
        .route("GET", "/free", json!({}))
        .serve(&["--workers", "2"]);
    // Connections are distributed among workers, which share the buckets.
    let clients = [server.client(), server.client(), server.client()];
    assert_eq!(state(&clients[0].get("/")), (200, ["2", "1", "3600", ""]));
    assert_eq!(state(&clients[1].get("/")), (200, ["2", "0", "7200", ""]));
    let refused = clients[2].get("/");
    let problem = refused.problem(429);
    assert_eq!(problem["type"], "https://spikard.dev/errors/rate-limited");
    assert_eq!(refused.header("ratelimit-remaining"), "0");
    assert_eq!(
        refused.header("ratelimit-reset"),
        refused.header("retry-after")
    );
    let wait: u32 = refused.header("retry-after").parse().expect("seconds");
    assert!((3500..=3600).contains(&wait), "{wait}");
    assert_eq!(state(&clients[0].get("/free")), (200, ["", "", "", ""]));
    // A bucket refills.
    assert_eq!(clients[0].get("/fast").status, 200);
    std::thread::sleep(std::time::Duration::from_millis(250));
    assert_eq!(clients[0].get("/fast").status, 200);
    server.stop();
}

#[test]
fn the_routes_of_an_app_share_a_bucket() {
    let limit = json!({"requests": 2, "per": "hour"});
    let server = App::new(json!({"rate_limit": limit, "api_key": {"keys": ["k"]}}))
        .route("GET", "/a", json!({}))
        .route("GET", "/b", json!({}))
        .route(
            "GET",
            "/own",
            json!({"rate_limit": limit, "api_key": false}),
        )
        .route(
            "GET",
            "/off",
            json!({"rate_limit": false, "api_key": false}),
        )
        .serve(&[]);
    let client = server.client();
    let status = |target: &str| client.get(target).status;
    // Requests with invalid keys count too.
    assert_eq!(
        [status("/a"), status("/b"), status("/a"), status("/b")],
        [401, 401, 429, 429]
    );
    assert_eq!(
        [status("/own"), status("/own"), status("/own")],
        [200, 200, 429]
    );
    assert_eq!([status("/off"), status("/nothing")], [200, 404]);
    server.stop();
}

#[test]
fn the_key_may_be_a_header() {
    let limit = json!({"requests": 1, "per": "hour", "by": {"header": "X-Key"}});
    let server = App::new(json!({}))
        .route("GET", "/", json!({"rate_limit": limit}))
        .serve(&[]);
    let client = server.client();
    let ask = |key: &str| client.send("GET", "/", &[("x-key", key)], b"").status;
    assert_eq!(
        [ask("a"), ask("b"), ask("a"), ask("b")],
        [200, 200, 429, 429]
    );
    // Without the header, the client's address is the key.
    assert_eq!([client.get("/").status, client.get("/").status], [200, 429]);
    for number in 0..3000 {
        assert_eq!(ask(&format!("k{number}")), 200);
    }
    server.stop();
}
