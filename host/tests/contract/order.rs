//! The order of checks: admission, hooks, then parameters and body. At level `debug`, the log has
//! a line for each request whose parameters and body are checked.

use serde_json::{Value, json};
use spikard_wasm_testing::{Server, define};

use crate::support::host;

const CHECK: &str = "checking parameters and body";

/// Serves an app whose routes require the integer query parameter `n` and a JSON body.
fn serve(routes: &[(&str, Value)], hooks: &Value) -> Server {
    let parameters = json!([{"name": "n", "in": "query", "required": true,
        "schema": {"type": "integer"}}]);
    let routes = routes.iter().map(|(path, settings)| {
        json!({"method": "POST", "path": path, "parameters": parameters.to_string(),
            "settings": settings.to_string()})
    });
    let app = define(&json!({
        "app": {"name": "ordered", "routes": routes.collect::<Vec<_>>()},
        "hooks": hooks,
        "reply": [200, "", "fine"],
    }));
    let args = ["--workers", "1", "--log-level", "debug"];
    host().serve(Some(&app)).args(args).start()
}

#[test]
fn a_request_rejected_at_admission_is_not_validated() {
    let server = serve(
        &[
            (
                "/limited",
                json!({"rate_limit": {"requests": 1, "per": "hour"}}),
            ),
            ("/keyed", json!({"api_key": {"keys": ["k"]}})),
            (
                "/token",
                json!({"jwt": {"secret": "a secret that is long enough for it"}}),
            ),
        ],
        &json!({}),
    );
    let client = server.client();
    let post = |target: &str| client.post(target, "text/plain", b"x").status;
    // The first request is admitted and has an invalid parameter.
    assert_eq!(post("/limited?n=x"), 422);
    for _ in 0..3 {
        assert_eq!(post("/limited?n=x"), 429);
        assert_eq!(post("/keyed?n=x"), 401);
        assert_eq!(post("/token?n=x"), 401);
    }
    let log = server.stop().log;
    assert_eq!(log.matches(CHECK).count(), 1, "{log}");
}

#[test]
fn pre_validation_hooks_run_before_the_checks() {
    for kind in ["on-request", "pre-validation"] {
        let reply = json!([418, "", "short"]);
        let server = serve(
            &[("/", json!({"hooks": [kind]}))],
            &json!({kind: {"reply": reply}}),
        );
        let response = server.client().post("/?n=x", "text/plain", b"x");
        assert_eq!(response.status, 418);
        let log = server.stop().log;
        assert_eq!(log.matches(CHECK).count(), 0, "{log}");
    }
}
