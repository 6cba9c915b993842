//! Compares the validated workloads with the harness's own schemas: both must accept and reject
//! the same requests.
//!
//! The schemas are in the directory that `SPIKARD_SHARED` names, or in `../shared` next to this
//! repository. Without them, the tests are skipped.

use std::env;
use std::fs;
use std::path::PathBuf;

use serde_json::{Map, Value, json};
use spikard_wasm_testing::{Client, root};

use crate::support::{Lane, encode, encode_pairs, on_every_lane};

on_every_lane!(bodies, forms, paths, queries);

/// Reads a file of the harness: schemas by name of workload.
fn read(file: &str) -> Map<String, Value> {
    let shared = env::var_os("SPIKARD_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| root().join("../shared"));
    let path = shared.join("contracts/spikard-harness").join(file);
    let Ok(text) = fs::read_to_string(&path) else {
        println!(
            "`{}` was not found; skipping the comparison with its schemas",
            path.display()
        );
        return Map::new();
    };
    serde_json::from_str(&text).expect("the harness's schemas are JSON")
}

/// Returns the schemas of one kind of workload, keyed by the rest of their names.
fn of_kind(file: &str, kind: &str) -> Vec<(String, Value)> {
    let all = read(file).into_iter();
    let own = all.filter_map(|(name, schema)| Some((name.strip_prefix(kind)?.to_owned(), schema)));
    own.collect()
}

fn properties(schema: &Value) -> Vec<(&String, &Value)> {
    schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .collect()
}

fn is_required(schema: &Value, name: &str) -> bool {
    let required = schema["required"].as_array();
    required.is_some_and(|names| names.iter().any(|known| known == name))
}

/// Returns a valid value for a schema.
fn valid(schema: &Value) -> Value {
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (_, Some("email")) => json!("someone@example.com"),
        (_, Some("uuid")) => json!("6f2c0f4e-8f3b-4b62-9d0e-3a1f5c7b9d11"),
        (_, Some("date")) => json!("2026-02-28"),
        (Some("integer"), _) => json!(7),
        (Some("number"), _) => json!(7.25),
        (Some("boolean"), _) => json!(true),
        (Some("array"), _) => json!([valid(&schema["items"]), valid(&schema["items"])]),
        (Some("object"), _) => {
            let member = |(name, schema): (&String, &Value)| (name.clone(), valid(schema));
            Value::Object(properties(schema).into_iter().map(member).collect())
        }
        _ => json!("seven"),
    }
}

/// Returns invalid values with one error each, and a description of the error.
fn broken(schema: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let wrong = match schema["type"].as_str() {
        Some("string") => json!(1),
        Some("array") => json!({}),
        Some("object") => json!([]),
        _ => json!("x"),
    };
    all.push(("another type".to_owned(), wrong));
    if schema["format"].is_string() {
        all.push(("another format".to_owned(), json!("x")));
    }
    if schema["type"] == "array" {
        let items = broken(&schema["items"]).into_iter();
        all.extend(items.map(|(what, item)| (format!("an item: {what}"), json!([item]))));
    }
    let whole = valid(schema);
    for (name, part) in properties(schema) {
        for (what, value) in broken(part) {
            let mut object = whole.clone();
            object[name] = value;
            all.push((format!("`{name}`: {what}"), object));
        }
        if is_required(schema, name) {
            let mut object = whole.clone();
            object.as_object_mut().map(|members| members.remove(name));
            all.push((format!("no `{name}`"), object));
        }
    }
    if schema["additionalProperties"] == false {
        let mut object = whole;
        object["unknown_member"] = json!(1);
        all.push(("an unknown member".to_owned(), object));
    }
    all
}

fn bodies(lane: Lane) {
    let server = lane.serve("target", &[]);
    let client = server.client();
    for (size, schema) in of_kind("request_schemas.json", "json/") {
        let target = format!("/validated/json/{size}");
        let answer = client.post_json(&target, &valid(&schema));
        assert_eq!(answer.status, 200, "{target}: {}", answer.text());
        for (what, body) in broken(&schema) {
            let answer = client.post_json(&target, &body);
            assert_eq!(answer.status, 422, "{target}, {what}: {}", answer.text());
        }
    }
}

fn forms(lane: Lane) {
    let server = lane.serve("target", &[]);
    let client = server.client();
    for (name, schema) in of_kind("request_schemas.json", "urlencoded/") {
        let target = format!("/validated/urlencoded/{name}");
        let send = |form: &Value| {
            let body = encode_pairs(&texts(form));
            client.post(
                &target,
                "application/x-www-form-urlencoded",
                body.as_bytes(),
            )
        };
        assert_eq!(send(&valid(&schema)).status, 200, "{target}");
        for (what, form) in broken(&schema) {
            // A form field is a string, whatever its content.
            let of_string = properties(&schema).into_iter().any(|(name, part)| {
                part["type"] == "string" && what == format!("`{name}`: another type")
            });
            if form.is_object() && !of_string {
                let answer = send(&form);
                assert_eq!(answer.status, 422, "{target}, {what}: {}", answer.text());
            }
        }
    }
}

fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn texts(object: &Value) -> Vec<(String, String)> {
    let members = object.as_object().into_iter().flatten();
    members
        .map(|(name, value)| (name.clone(), text_of(value)))
        .collect()
}

fn paths(lane: Lane) {
    let server = lane.serve("target", &[]);
    let client = server.client();
    for (name, schema) in of_kind("parameter_schemas.json", "path/") {
        let whole = texts(&valid(&schema));
        let send = |values: &[(String, String)]| {
            let segments: Vec<String> = values.iter().map(|(_, text)| encode(text)).collect();
            client.get(&format!("/validated/path/{name}/{}", segments.join("/")))
        };
        assert_eq!(send(&whole).status, 200, "{name}");
        for (at, (parameter, part)) in properties(&schema).into_iter().enumerate() {
            let mut bad = vec!["\u{1f600}".to_owned(), "a b".to_owned()];
            bad.extend(
                part["maxLength"]
                    .as_u64()
                    .map(|most| "a".repeat(most as usize + 1)),
            );
            bad.extend((part["type"] == "integer").then(|| "1.5".to_owned()));
            bad.extend((part["format"] == "date").then(|| "2026-02-29".to_owned()));
            for text in bad {
                let mut values = whole.clone();
                values[at].1.clone_from(&text);
                let answer = send(&values);
                assert_eq!(answer.status, 422, "{name}, `{parameter}` is `{text}`");
            }
        }
    }
}

fn queries(lane: Lane) {
    let server = lane.serve("target", &[]);
    let client = server.client();
    for (name, schema) in of_kind("parameter_schemas.json", "query/") {
        let whole = texts(&valid(&schema));
        assert_eq!(ask(&client, &name, &whole).status, 200, "{name}");
        for (at, (parameter, part)) in properties(&schema).into_iter().enumerate() {
            let mut without = whole.clone();
            without.remove(at);
            let required = is_required(&schema, parameter);
            let expected = if required { 422 } else { 200 };
            assert_eq!(
                ask(&client, &name, &without).status,
                expected,
                "no `{parameter}`"
            );
            if part["type"] != "string" {
                let mut wrong = whole.clone();
                wrong[at].1 = "x".to_owned();
                assert_eq!(
                    ask(&client, &name, &wrong).status,
                    422,
                    "`{parameter}` is `x`"
                );
            }
        }
        let mut more = whole.clone();
        more.push(("unknown".to_owned(), "1".to_owned()));
        assert_eq!(
            ask(&client, &name, &more).status,
            200,
            "an unknown parameter"
        );
    }
}

fn ask(client: &Client, name: &str, pairs: &[(String, String)]) -> spikard_wasm_testing::Response {
    client.get(&format!("/validated/query/{name}?{}", encode_pairs(pairs)))
}
