//! Tests of schemas: errors, formats and cost.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::*;

fn errors(schema: &Value, value: &Value) -> Value {
    let mut errors = Vec::new();
    let schema = Schema::compile(schema).unwrap();
    schema.check(value, &["body".into()], &mut errors);
    assert_eq!(schema.is_valid(value), errors.is_empty());
    serde_json::to_value(errors).unwrap()
}

#[test]
fn reports_every_error_in_the_order_of_places() {
    let schema = json!({"type": "object", "required": ["name", "price"],
        "properties": {"name": {"type": "string", "minLength": 3}, "price": {"type": "number"},
            "tags": {"type": "array", "items": {"enum": ["a", "b", "c"]}}},
        "additionalProperties": false});
    let value = json!({"name": "ab", "tags": ["a", "x"], "extra": 1});
    assert_eq!(
        errors(&schema, &value),
        json!([
            {"type": "validation_error", "loc": ["body", "extra"], "input": value,
             "msg": "Additional properties are not allowed",
             "ctx": {"additional_properties": false, "unexpected_field": "extra"}},
            {"type": "string_too_short", "loc": ["body", "name"], "input": "ab",
             "msg": "String should have at least 3 characters", "ctx": {"min_length": 3}},
            {"type": "missing", "loc": ["body", "price"], "msg": "Field required", "input": value},
            {"type": "enum", "loc": ["body", "tags", 1], "input": "x",
             "msg": "Input should be 'a', 'b' or 'c'", "ctx": {"expected": "'a', 'b' or 'c'"}},
        ])
    );
}

#[test]
fn says_what_every_keyword_asks_for() {
    let first = |schema: Value, value: Value| {
        let all = errors(&schema, &value);
        (all[0]["type"].clone(), all[0]["msg"].clone())
    };
    let check = |schema, value, kind: &str, msg: &str| {
        assert_eq!(first(schema, value), (json!(kind), json!(msg)));
    };
    check(
        json!({"const": "1.0"}),
        json!("2.0"),
        "validation_error",
        "\"1.0\" was expected",
    );
    check(
        json!({"minProperties": 2}),
        json!({"host": "localhost"}),
        "validation_error",
        "{\"host\":\"localhost\"} has less than 2 properties",
    );
    check(
        json!({"not": {"enum": ["a"]}}),
        json!("a"),
        "validation_error",
        "{\"enum\":[\"a\"]} is not allowed for \"a\"",
    );
    check(
        json!({"dependencies": {"a": ["b"]}}),
        json!({"a": 1}),
        "validation_error",
        "\"b\" is a required property",
    );
    check(
        json!({"dependencies": {"a": {"required": ["c"]}}}),
        json!({"a": 1}),
        "missing",
        "Field required",
    );
    check(
        json!({"uniqueItems": true}),
        json!([1, 2, 2]),
        "validation_error",
        "Array items must be unique",
    );
    let unique = errors(&json!({"uniqueItems": true}), &json!([1, 2, 2]));
    let ctx = json!({"unique_items": true, "duplicate_value": 2, "duplicate_index": 2});
    assert_eq!(unique[0]["ctx"], ctx);
    let multiple = errors(&json!({"multipleOf": 5}), &json!(3));
    assert_eq!(multiple[0]["msg"], "Input should be a multiple of 5");
}

#[test]
fn properties_called_like_keywords_are_properties() {
    let schema =
        json!({"properties": {"dependencies": {"type": "array"}, "format": {"const": "binary"}}});
    let adapted = adapt_schema(&schema, true);
    assert_eq!(adapted, schema);
}

#[test]
fn checks_formats() {
    let cases: [(&str, &str, &[&str], &[&str]); 13] = [
        (
            "uuid",
            "uuid_parsing",
            &[
                "ec38df32-ceda-4cfa-9b4a-1aeb94ad551a",
                "EC38DF32-CEDA-4CFA-9B4A-1AEB94AD551A",
            ],
            &[
                "x",
                "ec38df32ceda4cfa9b4a1aeb94ad551a",
                "ec38df32-ceda-4cfa-9b4a-1aeb94ad551g",
            ],
        ),
        (
            "date",
            "date_parsing",
            &["2024-02-29"],
            &[
                "2024-02-30",
                "2023-02-29",
                "24-01-01",
                "2024-1-1",
                "2024-01-01T00:00:00Z",
            ],
        ),
        (
            "date-time",
            "datetime_parsing",
            &["2024-03-15T10:30:00Z", "2024-03-15T10:30:00.5+05:30"],
            &[
                "2024-03-15",
                "2024-03-15T10:30:00",
                "2024-03-15T25:30:00Z",
                "not-a-datetime",
            ],
        ),
        (
            "time",
            "time_parsing",
            &["10:30:00Z", "23:59:60Z"],
            &["10:30", "24:00:00Z", "noon"],
        ),
        (
            "duration",
            "duration_parsing",
            &["P1DT2H", "PT5S", "P3W"],
            &["1d", "P", "PT", "PT0.5S"],
        ),
        (
            "email",
            "string_pattern_mismatch",
            &["a@b.example", "a+b@example.com"],
            &["not-an-email", "a@", "@b", "a b@c.d"],
        ),
        (
            "uri",
            "url_parsing",
            &["https://a.example/b?c#d", "mailto:a@b"],
            &["/a", "//a/b", "http://a b", "x"],
        ),
        (
            "uri-reference",
            "url_parsing",
            &["/a/b", "https://a.example", "#x"],
            &["a b", "\\x"],
        ),
        (
            "ipv4",
            "value_error",
            &["192.168.1.1"],
            &["256.1.1.1", "1.1.1", "01.1.1.1"],
        ),
        (
            "ipv6",
            "value_error",
            &["2001:db8::1", "::"],
            &["2001:db8", "1::2::3", "1.1.1.1"],
        ),
        (
            "hostname",
            "value_error",
            &["api.example.com", "localhost"],
            &["-a.example", "a_b", "a..b", ""],
        ),
        ("regex", "value_error", &["^a+$"], &["("]),
        ("json-pointer", "value_error", &["/a/b"], &["a"]),
    ];
    for (format, kind, good, bad) in cases {
        let schema = json!({"type": "string", "format": format});
        for text in good {
            assert_eq!(errors(&schema, &json!(text)), json!([]), "{format} {text}");
        }
        for text in bad {
            let found = errors(&schema, &json!(text));
            assert_eq!(found[0]["type"], kind, "{format} {text}");
        }
    }
    assert_eq!(
        errors(&json!({"format": "decimal"}), &json!("1.5")),
        json!([])
    );
}

#[test]
fn files_meet_the_schema_of_their_bytes() {
    let schema = json!({"properties": {"f": {"type": "string", "format": "binary", "maxLength": 9},
        "g": {"$ref": "#/$defs/g"}}, "$defs": {"g": {"type": "array", "items": {"contentMediaType": "image/png"}}}});
    let schema = Schema::compile_form(&schema).unwrap();
    let file = |size: u32| json!({"part": 0, "filename": "a", "content_type": null, "size": size});
    assert!(schema.is_valid(&json!({"f": file(9), "g": [file(1)]})));
    assert!(!schema.is_valid(&json!({"f": file(10)})));
    assert!(schema.is_valid(&json!({"f": "text"})));
    assert!(!schema.is_valid(&json!({"f": "a long text"})));
    assert!(!schema.is_valid(&json!({"f": {"part": 0}})));
}

#[test]
fn says_where_a_schema_is_wrong() {
    let error = |schema: Value| Schema::compile(&schema).unwrap_err();
    let wrong = error(json!({"properties": {"a": {"type": "strin"}}}));
    assert!(
        wrong.contains("strin") && wrong.contains("/properties/a"),
        "{wrong}"
    );
    let pattern = error(json!({"properties": {"a": {"pattern": "("}}}));
    assert!(pattern.contains("/properties/a"), "{pattern}");
    let nowhere = error(json!({"$ref": "#/$defs/none"}));
    assert!(nowhere.contains("/$defs/none"), "{nowhere}");
    let remote = error(json!({"$ref": "https://example.com/a.json"}));
    assert!(remote.contains("https://example.com/a.json"), "{remote}");
    let file = error(json!({"$ref": "file:///etc/passwd"}));
    assert!(file.contains("file:///etc/passwd"), "{file}");
}

/// The time that checking and explaining takes.
fn time(schema: &Value, value: &Value) -> Duration {
    let schema = Schema::compile(schema).unwrap();
    let begin = Instant::now();
    let mut errors = Vec::new();
    schema.check(value, &[], &mut errors);
    assert!(!errors.is_empty() && errors.len() <= MAX_ERRORS);
    begin.elapsed()
}

#[test]
fn hostile_patterns_and_values_end() {
    let text = format!("{}!", "a".repeat(5000));
    for pattern in [
        "^(a+)+$",
        "^(a|a)*$",
        "^(?=a)(a+)+$",
        "^(a+)+\\1$",
        "^(?!b)(a|aa)+$",
    ] {
        let took = time(&json!({"pattern": pattern}), &json!(text));
        assert!(took < Duration::from_secs(2), "{pattern}: {took:?}");
    }
    let many = json!(vec![text; 1000]);
    let took = time(&json!({"items": {"pattern": "^(?=a)(a+)+$"}}), &many);
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn hostile_values_get_a_small_reply() {
    let long = "x".repeat(1 << 20);
    let members: Map<String, Value> = (0..9999)
        .map(|n| (format!("{n}{long:.2000}"), json!(n)))
        .collect();
    let value = Value::Object(members);
    for schema in [
        json!({"additionalProperties": false}),
        json!({"additionalProperties": {"type": "string"}}),
        json!({"anyOf": [{"type": "string"}, {"required": [long]}]}),
        json!({"propertyNames": {"maxLength": 3}}),
        json!({"const": long}),
        json!({"not": {}}),
        json!({"maxProperties": 1}),
        json!({"type": "array"}),
    ] {
        let all = errors(&schema, &value);
        assert!(all.as_array().unwrap().len() <= MAX_ERRORS);
        let size = all.to_string().len();
        assert!(size < MAX_ERRORS * 6000, "{schema:.40} {size}");
    }
}

#[test]
fn large_values_are_refused_in_time() {
    let many = json!(vec![1; 1_000_000]);
    for (schema, kind) in [
        (json!({"items": {"type": "string"}}), ErrorKind::StringType),
        (
            json!({"items": {"anyOf": [{"type": "string"}, {"type": "null"}]}}),
            ErrorKind::ValidationError,
        ),
        (
            json!({"anyOf": [{"items": {"type": "string"}}, {"type": "null"}]}),
            ErrorKind::ValidationError,
        ),
        (json!({"uniqueItems": true}), ErrorKind::ValidationError),
        (
            json!({"contains": {"type": "string"}}),
            ErrorKind::ValidationError,
        ),
        (
            json!({"additionalProperties": false, "type": ["object", "null"]}),
            ErrorKind::TypeError,
        ),
    ] {
        let schema = Schema::compile(&schema).unwrap();
        let begin = Instant::now();
        let mut errors = Vec::new();
        schema.check(&many, &[], &mut errors);
        assert_eq!(
            errors.iter().map(|error| error.kind).collect::<Vec<_>>(),
            [kind]
        );
        assert!(
            begin.elapsed() < Duration::from_secs(5),
            "{:?}",
            begin.elapsed()
        );
    }
}
