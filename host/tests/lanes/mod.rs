//! The benchmark target in every lane: each workload, raw and validated, with documented and with
//! random values.

mod documented;
mod drawn;
mod schemas;
mod workload;

use serde_json::{Value, json};
use spikard_wasm_testing::{Client, Random, multipart};

use self::workload::Workload;
use crate::support::{Lane, json_equal, on_every_lane};

/// Number of requests per workload with random values.
const ROUNDS: usize = 12;

on_every_lane!(
    documented_values,
    random_values,
    invalid_requests_are_rejected
);

fn documented_values(lane: Lane) {
    let server = lane.serve("target", &[]);
    let client = server.client();
    for path in ["/", "/health"] {
        check(
            &client,
            &Workload::get(path.to_owned(), json!({"status": "ok"})),
        );
    }
    for validated in [false, true] {
        let workloads = documented::workloads(validated);
        assert_eq!(workloads.len(), 18);
        workloads
            .iter()
            .for_each(|workload| check(&client, workload));
    }
    server.stop();
}

fn random_values(lane: Lane) {
    let server = lane.serve("target", &[]);
    let client = server.client();
    let mut random = Random::new();
    for _ in 0..ROUNDS {
        for validated in [false, true] {
            let workloads = drawn::workloads(&mut random, validated);
            workloads
                .iter()
                .for_each(|workload| check(&client, workload));
        }
    }
    server.stop();
}

#[track_caller]
fn check(client: &Client, workload: &Workload) {
    let Workload {
        method,
        target,
        content_type,
        body,
        expected,
    } = workload;
    let headers: &[(&str, &str)] = &[("content-type", content_type)];
    let headers = if content_type.is_empty() {
        &[]
    } else {
        headers
    };
    let response = client.send(method, target, headers, body);
    let sent = String::from_utf8_lossy(&body[..body.len().min(2000)]);
    let asked = format!("{method} {target}\n{sent}\n{}", response.text());
    assert_eq!(response.status, 200, "{asked}");
    assert_eq!(
        response.header("content-type"),
        "application/json",
        "{asked}"
    );
    assert!(
        json_equal(&response.json(), expected),
        "{asked}\nexpected {expected}"
    );
}

/// Checks that `/validated` rejects invalid requests, as far as that is possible without the
/// harness's schemas; [`schemas`] uses those if they are available.
fn invalid_requests_are_rejected(lane: Lane) {
    let server = lane.serve("target", &[]);
    let client = server.client();
    let small = json!({"name": "a", "description": "b", "price": 1, "tax": 2});
    let with = |name: &str, value: Value| {
        let mut small = small.clone();
        small[name] = value;
        small
    };
    let mut without = small.clone();
    without.as_object_mut().expect("an object").remove("tax");
    assert_eq!(
        client.post_json("/validated/json/small", &small).status,
        200
    );
    for body in [
        without,
        with("price", json!("1")),
        with("more", json!(1)),
        json!([]),
    ] {
        let _ = client
            .post_json("/validated/json/small", &body)
            .problem(422);
        assert_eq!(client.post_json("/json/small", &body).status, 200, "{body}");
    }
    for target in [
        "/path/int/x",
        "/path/int/1.5",
        "/query/few?page=x",
        "/query/many?in_stock=perhaps",
        "/query/many?min_price=cheap",
        "/validated/path/int/1e",
        "/validated/path/simple/a%20b",
        "/validated/path/multiple/a/%C3%A9",
        "/validated/path/uuid/550e8400",
        "/validated/path/date/2024-02-30",
        "/validated/query/few?page=1",
        "/validated/query/medium?search=a&limit=1.5",
    ] {
        let _ = client.get(target).problem(422);
    }
    let form = "application/x-www-form-urlencoded";
    for body in [
        "name=a&email=a%40b.de&age=x&subscribe=true",
        "name=a&email=a%40b.de&age=1",
        "name=a&email=nobody&age=1&subscribe=true",
        "name=a&email=a%40b.de&age=1&subscribe=true&more=1",
    ] {
        let response = client.post("/validated/urlencoded/simple", form, body.as_bytes());
        let _ = response.problem(422);
    }
    let (content_type, no_file) = multipart(&[]);
    for size in ["small", "medium", "large"] {
        let target = format!("/validated/multipart/{size}");
        let _ = client.post(&target, &content_type, &no_file).problem(400);
    }
    server.stop();
}
