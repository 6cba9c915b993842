//! `/metrics`, `Server-Timing` and the stages of the access log.

use serde_json::json;
use spikard_wasm_testing::{Client, define};

use super::{figure, figure_in};
use crate::support::{Lane, host};

#[test]
fn routes_are_counted_by_name_and_never_by_path() {
    let server = Lane::Rust.serve("faulty", &["--workers", "2"]);
    for _ in 0..3 {
        assert_eq!(server.client().get("/count?x=4711").status, 200);
    }
    for path in ["/nothing-here", "/nor-here"] {
        assert_eq!(server.client().get(path).status, 404);
    }
    let _ = server.client().get("/throw").problem(500);
    let response = server.client().get("/metrics");
    assert_eq!(
        response.header("content-type"),
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    let text = response.text();
    assert!(text.ends_with("# EOF\n"), "{text}");
    for secret in ["4711", "nothing-here", "nor-here"] {
        assert!(!text.contains(secret), "`{secret}` in {text}");
    }
    let of = |name: &str| figure_in(&text, name);
    assert_eq!(
        of(r#"spikard_wasm_requests_total{route="count",status="200"}"#),
        3.0
    );
    assert_eq!(
        of(r#"spikard_wasm_requests_total{route="-",status="404"}"#),
        2.0
    );
    assert_eq!(
        of(r#"spikard_wasm_requests_total{route="throw",status="500"}"#),
        1.0
    );
    assert_eq!(
        of(r#"spikard_wasm_request_duration_seconds_count{route="count"}"#),
        3.0
    );
    assert_eq!(
        of(r#"spikard_wasm_request_stage_seconds_count{route="count",stage="guest"}"#),
        3.0
    );
    assert_eq!(
        of(r#"spikard_wasm_request_stage_seconds_count{route="-",stage="guest"}"#),
        0.0
    );
    // Buckets are cumulative, and the stages add up to the total.
    let all = r#"spikard_wasm_request_duration_seconds_bucket{le="+Inf",route="count"}"#;
    assert_eq!(of(all), 3.0, "{text}");
    let whole = of(r#"spikard_wasm_request_duration_seconds_sum{route="count"}"#);
    let stages = [
        "receive", "queue", "instance", "enter", "guest", "imports", "yield", "leave", "respond",
    ];
    let stages = stages.map(|stage| {
        of(&format!(
            "spikard_wasm_request_stage_seconds_sum{{route=\"count\",stage=\"{stage}\"}}"
        ))
    });
    let sum: f64 = stages.iter().sum();
    assert!((sum - whole).abs() < 1e-6, "{stages:?} {whole}");
    server.stop();
}

#[test]
fn route_names_are_escaped_in_labels() {
    let app = define(&json!({
        "app": {"name": "a", "routes": [{"method": "GET", "path": "/", "name": "a\"b\\c\nd"}]},
        "reply": [200, "", "fine"],
    }));
    let server = host().serve(Some(&app)).start();
    assert_eq!(server.client().get("/").status, 200);
    let text = server.client().get("/metrics").text();
    assert!(
        text.contains(r#"{route="a\"b\\c\nd",status="200"} 1"#),
        "{text}"
    );
    server.stop();
}

#[test]
fn metrics_answer_only_get_and_yield_to_routes() {
    let server = Lane::Rust.serve("faulty", &[]);
    let response = server.client().post("/metrics", "text/plain", b"x");
    assert_eq!(
        (response.status, response.header("allow")),
        (405, "GET, HEAD")
    );
    let mut wire = server.wire();
    wire.send("HEAD /metrics HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(wire.head_response().status, 200);
    server.stop();
    let app = define(&json!({
        "app": {"name": "a", "routes": [{"method": "GET", "path": "/metrics"}]},
        "reply": [200, "", "mine"],
    }));
    let server = host().serve(Some(&app)).start();
    assert_eq!(server.client().get("/metrics").text(), "mine");
    server.stop();
}

#[test]
fn metrics_can_be_moved_or_disabled() {
    let server = Lane::Rust.serve("faulty", &["--no-metrics"]);
    let _ = server.client().get("/metrics").problem(404);
    server.stop();
    let server = Lane::Rust.serve("faulty", &["--metrics-address", "127.0.0.1:0"]);
    let _ = server.client().get("/metrics").problem(404);
    assert_eq!(server.client().get("/count").status, 200);
    let line = server.logged("serving metrics at http://");
    let (_, address) = line.split_once("http://").expect("an address");
    let address = address.trim().trim_end_matches("/metrics");
    let elsewhere = Client::new(address.parse().expect("an address"));
    let text = elsewhere.get("/metrics").text();
    let name = r#"spikard_wasm_requests_total{route="count",status="200"}"#;
    assert_eq!(figure_in(&text, name), 1.0, "{text}");
    assert_eq!(elsewhere.get("/count").status, 404);
    server.stop();
}

/// Returns the duration of a stage in `Server-Timing`, in milliseconds.
fn part(header: &str, name: &str) -> Option<f64> {
    let mut parts = header
        .split(", ")
        .filter_map(|part| part.split_once(";dur="));
    parts.find(|(found, _)| *found == name)?.1.parse().ok()
}

#[test]
fn stages_measure_the_time_of_a_request() {
    let args = ["--dev", "--workers", "1", "--timeout", "300ms"];
    let server = Lane::Rust.serve("faulty", &args);
    let slept = server.client().get("/sleep?ms=120");
    let timing = slept.header("server-timing");
    let of = |name| part(timing, name).unwrap_or_default();
    assert!(
        of("imports") >= 119.0 && of("total") >= of("imports"),
        "{timing}"
    );
    assert!(of("guest") < 60.0, "{timing}");
    // The call ends after 300 ms, most of which it spends in the guest.
    let spun = server.client().get("/spin");
    let timing = spun.header("server-timing");
    let of = |name| part(timing, name).unwrap_or_default();
    assert_eq!(spun.status, 504);
    assert!(of("guest") > 100.0, "{timing}");
    assert!(of("yield") > 0.0, "{timing}");
    assert!(
        of("guest") + of("yield") + of("imports") <= of("total"),
        "{timing}"
    );
    let line = server.logged("path=\"/sleep\"");
    for field in [
        "ms=",
        "receive_ms=",
        "enter_ms=",
        "guest_ms=",
        "imports_ms=",
        "leave_ms=",
    ] {
        assert!(line.contains(field), "`{field}` is not in {line}");
    }
    assert!(!line.contains("queue_ms="), "{line}");
    server.stop();
    let server = Lane::Rust.serve("faulty", &[]);
    assert_eq!(server.client().get("/count").header("server-timing"), "");
    server.stop();
}

#[test]
fn disconnected_clients_are_counted() {
    let server = Lane::Rust.serve("faulty", &["--workers", "1"]);
    let mut leaves = server.wire();
    leaves.send("GET /sleep?ms=5000 HTTP/1.1\r\nhost: a\r\n\r\n");
    super::wait_for_figure(&server, super::LEASED, 1.0);
    drop(leaves);
    let name = r#"spikard_wasm_requests_total{route="sleep",status="499"}"#;
    super::wait_for_figure(&server, name, 1.0);
    let imports = r#"spikard_wasm_request_stage_seconds_count{route="sleep",stage="imports"}"#;
    assert_eq!(figure(&server, imports), 1.0);
    server.stop();
}
