//! Declared parameters and bodies: valid ones are typed, and the problem document of invalid ones
//! lists all errors.

use serde_json::{Value, json};

use crate::support::{Lane, json_equal, on_every_lane};

on_every_lane!(valid_parameters_are_typed, invalid_parameters_are_422);

fn valid_parameters_are_typed(lane: Lane) {
    let server = lane.serve("faulty", &[]);
    let headers = [
        ("x-token", "t"),
        ("cookie", "other=1; sid=a%20b"),
        ("content-type", "application/json"),
    ];
    let body = br#"{"name": "pen", "price": 2}"#;
    let response = server
        .client()
        .send("POST", "/declared/-7?page=2", &headers, body);
    assert_eq!(response.status, 200, "{}", response.text());
    let expected = json!({"id": -7, "page": 2, "token": "t", "sid": "a b",
        "item": {"name": "pen", "price": 2}});
    assert!(
        json_equal(&response.json(), &expected),
        "{}",
        response.text()
    );
    server.stop();
}

fn invalid_parameters_are_422(lane: Lane) {
    let server = lane.serve("faulty", &[]);
    let headers = [("cookie", "sid=a"), ("content-type", "application/json")];
    let response = server
        .client()
        .send("POST", "/declared/x?page=0", &headers, br#"{"name": 1}"#);
    let document = response.problem(422);
    assert_eq!(
        document["type"],
        "https://spikard.dev/errors/validation-error"
    );
    assert_eq!(document["title"], "Request Validation Failed");
    assert_eq!(document["detail"], "6 validation errors in request");
    let errors = document["errors"].as_array().expect("errors");
    for error in errors {
        assert!(
            error["msg"].is_string() && error.get("input").is_some(),
            "{error}"
        );
    }
    let mut found: Vec<String> = errors
        .iter()
        .map(|error| format!("{} {}", error["loc"], error["type"]))
        .collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            r#"["body","name"] "string_type""#,
            r#"["body","price"] "missing""#,
            r#"["cookie","sid"] "string_too_short""#,
            r#"["headers","x-token"] "missing""#,
            r#"["path","id"] "int_parsing""#,
            r#"["query","page"] "greater_than_equal""#,
        ]
    );
    let of = |name: &str| errors.iter().find(|error| error["loc"][1] == name).cloned();
    let page = of("page").unwrap_or(Value::Null);
    assert_eq!(
        (&page["input"], &page["ctx"]["ge"]),
        (&json!(0), &json!(1)),
        "{page}"
    );
    assert_eq!(of("id").unwrap_or(Value::Null)["input"], "x");
    server.stop();
}
