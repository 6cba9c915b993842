//! Compares a response with the expected one. `docs/conformance.md` has the rules.

use serde_json::Value;

use super::author::Author;
use super::exchange::Answer;
use super::fixture::Expected;
use super::request::Outgoing;

/// A difference between a response and the expected one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// The part that differs.
    pub(crate) part: Part,
    /// The description for the report.
    pub(crate) text: String,
}

/// A part of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The status.
    Status,
    /// A header.
    Header,
    /// The body.
    Body,
}

/// Returns the differences between a response and the expected one.
#[must_use]
pub(crate) fn differences(
    expected: &Expected,
    author: Author,
    request: &Outgoing,
    answer: &Answer,
) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut add = |part, text: String| found.push(Difference { part, text });
    if answer.status != expected.status_code {
        let text = format!(
            "status {} instead of {}: {}",
            answer.status,
            expected.status_code,
            shorten(&String::from_utf8_lossy(&answer.body), 160)
        );
        add(Part::Status, text);
    }
    for (name, value) in &expected.headers {
        let one = std::slice::from_ref(value);
        for value in value.as_array().map_or(one, Vec::as_slice) {
            let wanted = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            let values: Vec<_> = answer.values(name).collect();
            if !header_fits(&name.to_ascii_lowercase(), &wanted, &values, request) {
                let values = match values.is_empty() {
                    true => "is missing".to_owned(),
                    false => format!("is `{}`", shorten(&values.join("`, `"), 80)),
                };
                add(
                    Part::Header,
                    format!("header `{name}` {values}, expected `{wanted}`"),
                );
            }
        }
    }
    let whole = author != Author::Host;
    if let Some(wanted) = &expected.body
        && request.method != "HEAD"
        && !body_fits(wanted, &answer.body, whole)
    {
        let text = format!(
            "body {} instead of {}",
            shorten(&String::from_utf8_lossy(&answer.body), 400),
            shorten(&wanted.to_string(), 400)
        );
        add(Part::Body, text);
    }
    if let Some(wanted) = &expected.validation_errors {
        let sent: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let errors = sent.as_ref().and_then(|sent| sent["errors"].as_array());
        if !errors.is_some_and(|errors| errors_fit(wanted, errors, &error_fits)) {
            let wanted = Value::Array(wanted.clone()).to_string();
            let text = format!("`errors` are not {}", shorten(&wanted, 400));
            add(Part::Body, text);
        }
    }
    found
}

/// Returns true if a text matches a pattern, in which `.*` matches anything.
fn glob(wanted: &str, text: &str) -> bool {
    match wanted.split_once(".*") {
        None => wanted == text,
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            let mut ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
            ends.any(|end| glob(after, &rest[end..]))
        }),
    }
}

/// Collapses whitespace and truncates a text to fit a line of the report.
pub(crate) fn shorten(text: &str, longest: usize) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(longest) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None if line.is_empty() => "(nothing)".to_owned(),
        None => line,
    }
}

fn header_fits(name: &str, wanted: &str, values: &[&str], request: &Outgoing) -> bool {
    match wanted {
        "<<absent>>" => return values.is_empty(),
        "<<present>>" => return values.iter().any(|value| !value.is_empty()),
        "<<uuid>>" => return values.iter().any(|value| is_uuid(value)),
        open if open.contains(".*") => return values.iter().any(|value| glob(open, value)),
        _ => {}
    }
    let list = |text: &str| -> Vec<String> {
        let items = text.split(',').map(|item| item.trim().to_ascii_lowercase());
        items.filter(|item| !item.is_empty()).collect()
    };
    let sent = || list(&values.join(","));
    match name {
        // The host may list more names.
        "vary" => list(wanted).iter().all(|item| sent().contains(item)),
        "allow"
        | "access-control-allow-methods"
        | "access-control-allow-headers"
        | "access-control-expose-headers" => {
            let (mut wanted, mut sent) = (list(wanted), sent());
            wanted.sort();
            sent.sort();
            wanted == sent
        }
        // Compare parameters only if the fixture expects some.
        "content-type" => values.iter().any(|value| {
            let essence = |text: &str| {
                text.split(';')
                    .next()
                    .map(|name| name.trim().to_ascii_lowercase())
            };
            let same = |text: &str| text.replace(' ', "").to_ascii_lowercase();
            match wanted.contains(';') {
                true => same(value) == same(wanted),
                false => essence(value) == essence(wanted),
            }
        }),
        // The host generates a random id if the request has none.
        "x-request-id" if is_uuid(wanted) && request.header(name).is_none() => {
            values.iter().any(|value| is_uuid(value))
        }
        _ => values.contains(&wanted),
    }
}

fn is_uuid(text: &str) -> bool {
    let dashes = [8, 13, 18, 23];
    text.len() == 36
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| match dashes.contains(&at) {
                true => byte == b'-',
                false => byte.is_ascii_hexdigit(),
            })
}

fn body_fits(wanted: &Value, body: &[u8], whole: bool) -> bool {
    if let Value::String(text) = wanted
        && (text.as_bytes() == body || (text == "<<present>>" && !body.is_empty()))
    {
        return true;
    }
    let sent: Option<Value> = serde_json::from_slice(body).ok();
    sent.is_some_and(|sent| value_fits(wanted, &sent, whole))
}

/// Returns true if a value matches the expected one. `whole` rejects unexpected members; the
/// host's own documents may have more members than expected.
fn value_fits(wanted: &Value, sent: &Value, whole: bool) -> bool {
    match (wanted, sent) {
        (Value::String(text), sent) => match text.as_str() {
            "<<present>>" => !sent.is_null(),
            "<<uuid>>" => sent.as_str().is_some_and(is_uuid),
            text => sent.as_str().is_some_and(|sent| glob(text, sent)),
        },
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| value_fits(a, b, whole))
        }
        (Value::Object(a), Value::Object(b)) => {
            let fits = |(name, wanted): (&String, &Value)| match (wanted, b.get(name)) {
                (Value::String(text), sent) if text == "<<absent>>" => sent.is_none(),
                (Value::Array(wanted), Some(Value::Array(sent))) if !whole && name == "errors" => {
                    errors_fit(wanted, sent, &error_fits)
                }
                (wanted, Some(sent)) => value_fits(wanted, sent, whole),
                (_, None) => false,
            };
            a.iter().all(fits) && (!whole || b.keys().all(|name| a.contains_key(name)))
        }
        (wanted, sent) => wanted == sent,
    }
}

/// Returns true if the errors match the expected ones one to one, in any order.
fn errors_fit(wanted: &[Value], sent: &[Value], fits: &dyn Fn(&Value, &Value) -> bool) -> bool {
    let mut left: Vec<_> = sent.iter().collect();
    wanted.len() == sent.len()
        && wanted.iter().all(|wanted| {
            let place = left.iter().position(|sent| fits(wanted, sent));
            place.map(|place| left.swap_remove(place)).is_some()
        })
}

/// Returns true if an error has all expected members. It may have more.
fn error_fits(wanted: &Value, sent: &Value) -> bool {
    let Some(members) = wanted.as_object() else {
        return false;
    };
    members
        .iter()
        .all(|(name, value)| match (name.as_str(), sent.get(name)) {
            ("input", sent) => input_fits(value, sent.unwrap_or(&Value::Null)),
            (_, Some(sent)) => value_fits(value, sent, false),
            (_, None) => false,
        })
}

/// Returns true if the `input` of an error matches the expected one. The input of a missing
/// value is null or an empty string; that of a parameter is a string or the number that the
/// string represents.
fn input_fits(wanted: &Value, sent: &Value) -> bool {
    let nothing = |value: &Value| value.is_null() || value == "";
    let text = |value: &Value| match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        _ => None,
    };
    value_fits(wanted, sent, false)
        || (nothing(wanted) && nothing(sent))
        || (text(wanted).is_some() && text(wanted) == text(sent))
}

/// Returns true if the errors differ from the expected ones only in type and message. An
/// expected error of the generic type `validation_error` matches any error with the same
/// `loc`.
#[must_use]
pub(crate) fn differ_in_words(expected: &Expected, answer: &Answer) -> bool {
    let sent: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let errors = |document: &Value| document["errors"].as_array().cloned();
    let wanted = expected.body.as_ref().and_then(errors);
    let (Some(wanted), Some(sent)) = (wanted, sent.as_ref().and_then(errors)) else {
        return false;
    };
    let fits = |wanted: &Value, sent: &Value| {
        let generic = wanted["type"] == "validation_error" && wanted["loc"] == sent["loc"];
        error_fits(wanted, sent) || generic
    };
    errors_fit(&wanted, &sent, &fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Answer {
            status,
            headers: headers.collect(),
            body: body.as_bytes().to_vec(),
        }
    }

    fn found(expected: Value, author: Author, answer: &Answer) -> Vec<Part> {
        let expected = serde_json::from_value(expected).expect("an expectation");
        let differences = differences(&expected, author, &Outgoing::default(), answer);
        differences
            .into_iter()
            .map(|difference| difference.part)
            .collect()
    }

    #[test]
    fn status_and_body() {
        let sent = answer(200, &[], r#"{"a":1.0,"b":[null]}"#);
        let expected = json!({"status_code": 200, "body": {"b": [null], "a": 1}});
        assert_eq!(found(expected, Author::Handler, &sent), []);
        let expected = json!({"status_code": 201, "body": {"b": [null]}});
        assert_eq!(
            found(expected.clone(), Author::Handler, &sent),
            [Part::Status, Part::Body]
        );
        assert_eq!(found(expected, Author::Host, &sent), [Part::Status]);
        let text = answer(200, &[], "abc");
        assert_eq!(
            found(
                json!({"status_code": 200, "body": "abc"}),
                Author::Handler,
                &text
            ),
            []
        );
        assert_eq!(
            found(
                json!({"status_code": 200, "body": {}}),
                Author::Handler,
                &text
            ),
            [Part::Body]
        );
    }

    #[test]
    fn placeholders() {
        let uuid = "6f1c3a52-0f6e-4c5b-9a77-2d0b1e8c4f10";
        let body = json!({"id": uuid, "at": 3}).to_string();
        let sent = answer(200, &[("x-a", uuid), ("x-b", "1")], &body);
        let expected = json!({"status_code": 200,
            "body": {"id": "<<uuid>>", "at": "<<present>>", "no": "<<absent>>"},
            "headers": {"X-A": "<<uuid>>", "X-B": "<<present>>", "X-C": "<<absent>>"}});
        assert_eq!(found(expected, Author::Handler, &sent), []);
        let expected = json!({"status_code": 200, "body": {"at": "<<uuid>>", "id": "<<absent>>"},
            "headers": {"X-A": "<<absent>>", "X-B": "<<uuid>>", "X-C": "<<present>>"}});
        let parts = [Part::Header, Part::Header, Part::Header, Part::Body];
        assert_eq!(found(expected, Author::Handler, &sent), parts);
    }

    #[test]
    fn anything_stands_for_anything() {
        assert!(glob(".*", "") && glob(".*", "abc") && glob("a.*c.*", "abbcd"));
        assert!(!glob("a.*c", "abcd") && !glob("a", "ab") && glob("a.*é", "aéé"));
        let sent = answer(200, &[("x-time", "12ms")], r#"{"id":"e-1"}"#);
        let with = |header: &str, id: &str| {
            let expected =
                json!({"status_code": 200, "body": {"id": id}, "headers": {"X-Time": header}});
            found(expected, Author::Handler, &sent).is_empty()
        };
        assert!(with(".*ms", "e-.*") && !with(".*s.", "e-.*") && !with(".*ms", "f.*"));
    }

    #[test]
    fn headers_by_what_they_mean() {
        let sent = answer(
            200,
            &[
                ("content-type", "Text/HTML; charset=utf-8"),
                ("vary", "Origin, accept-encoding"),
                ("allow", "POST, GET"),
                ("set-cookie", "a=1"),
                ("set-cookie", "b=2"),
                ("x-a", "A"),
            ],
            "",
        );
        let fits = |name: &str, value: Value| {
            found(
                json!({"status_code": 200, "headers": {name: value}}),
                Author::Handler,
                &sent,
            )
            .is_empty()
        };
        assert!(fits("Content-Type", json!("text/html")));
        assert!(fits("Content-Type", json!("text/html;charset=UTF-8")));
        assert!(!fits("Content-Type", json!("text/html; charset=ascii")));
        assert!(fits("Vary", json!("Accept-Encoding")) && !fits("Vary", json!("Cookie")));
        assert!(fits("Allow", json!("get, post")) && !fits("Allow", json!("GET")));
        assert!(fits("Set-Cookie", json!(["b=2", "a=1"])) && !fits("Set-Cookie", json!("c=3")));
        assert!(fits("X-A", json!("A")) && !fits("X-A", json!("a")));
    }

    #[test]
    fn an_id_that_nobody_sent() {
        let sent = answer(
            200,
            &[("x-request-id", "6f1c3a52-0f6e-4c5b-9a77-2d0b1e8c4f10")],
            "",
        );
        let wanted = json!({"status_code": 200,
            "headers": {"x-request-id": "a4c20a2c-3b1f-4e2d-8b1d-3c9a1f2e4d5a"}});
        assert_eq!(found(wanted.clone(), Author::Handler, &sent), []);
        let expected: Expected = serde_json::from_value(wanted).expect("an expectation");
        let headers = vec![("X-Request-Id".to_owned(), "a4c20a2c".to_owned())];
        let request = Outgoing {
            headers,
            ..Outgoing::default()
        };
        assert_eq!(
            differences(&expected, Author::Handler, &request, &sent).len(),
            1
        );
    }

    #[test]
    fn errors_in_any_order() {
        let error = |loc: &str, input: Value| json!({"type": "t", "loc": ["query", loc], "msg": "m", "input": input});
        let sent = json!({"type": "u", "status": 422, "errors": [error("a", json!("4.5")), error("b", json!(null))]});
        let sent = answer(422, &[], &sent.to_string());
        let fits = |errors: Value| {
            found(
                json!({"status_code": 422, "body": {"errors": errors}}),
                Author::Host,
                &sent,
            )
            .is_empty()
        };
        assert!(fits(json!([error("b", json!("")), error("a", json!(4.5))])));
        assert!(!fits(json!([error("b", json!("")), error("a", json!(4))])));
        assert!(!fits(json!([error("b", json!(""))])));
        assert!(!fits(json!([
            error("a", json!(4.5)),
            error("a", json!(4.5))
        ])));
        let no_words =
            json!([{"type": "t", "loc": ["query", "a"]}, {"type": "t", "loc": ["query", "b"]}]);
        assert!(fits(no_words));
    }

    #[test]
    fn words_for_the_same_error() {
        let expected = |kind: &str, loc: &str| -> Expected {
            let error = json!({"type": kind, "loc": ["query", loc], "msg": "Too long"});
            serde_json::from_value(json!({"body": {"errors": [error]}})).expect("an expectation")
        };
        let sent =
            json!({"errors": [{"type": "string_too_long", "loc": ["query", "a"], "msg": "m"}]});
        let sent = answer(422, &[], &sent.to_string());
        assert!(differ_in_words(&expected("validation_error", "a"), &sent));
        assert!(!differ_in_words(&expected("validation_error", "b"), &sent));
        assert!(!differ_in_words(&expected("string_too_short", "a"), &sent));
    }
}
