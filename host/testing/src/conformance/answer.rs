//! Replies that the guest must send.

use serde_json::{Value, json};

use super::author::{Author, is_hosts_own};
use super::fixture::{Expected, Fixture};
use super::policies::Policies;

/// UUID that replaces `<<uuid>>` in a reply.
const UUID: &str = "6f1c3a52-0f6e-4c5b-9a77-2d0b1e8c4f10";

/// Maximum size of a body that the runner fills up to an expected length, in bytes.
const LONGEST: u64 = 16 << 20;

/// Framing headers, which the host sets in every reply.
const FRAME: [&str; 7] = [
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "transfer-encoding",
    "trailer",
    "upgrade",
];

/// Headers that a declared policy sets, so the guest must not.
const OF_POLICIES: [(&str, &[&str]); 4] = [
    ("compression", &["content-encoding", "vary"]),
    ("cors", &["vary", "access-control-"]),
    ("request_id", &["x-request-id"]),
    ("rate_limit", &["ratelimit-", "x-ratelimit-", "retry-after"]),
];

/// Security headers, which the host or a hook sets.
const SECURITY: [&str; 8] = [
    "content-security-policy",
    "cross-origin-",
    "permissions-policy",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    "x-xss-protection",
];

/// Returns the replies of a route in the format that `guests/conformance/fixtures` reads.
#[must_use]
pub(crate) fn of(fixture: &Fixture, policies: &Policies, author: Author) -> Value {
    // The handler sends this reply if the host should have rejected the request.
    let reached = json!({"status": 200, "body": {"json": r#"{"reached":"the handler"}"#}});
    let mut answer = json!({"handler": reached, "hooks": {}});
    answer["delay_ms"] = json!(delay(fixture, policies));
    match author {
        Author::Handler => {
            let mut reply = reply(fixture, policies, false);
            if policies.hooks.contains(&"on-response") {
                let all = headers(fixture, policies, true);
                let (own, added) = all.into_iter().partition(|(name, _)| is_content(name));
                let (own, added): (Vec<_>, Vec<_>) = (own, added);
                reply["headers"] = json!(own);
                answer["hooks"]["on-response"] = json!(added);
            }
            answer["handler"] = reply;
        }
        Author::Hook(kind) => {
            answer["hooks"][kind] = reply(fixture, policies, true);
            if kind == "on-error" {
                answer["failure"] = json!("the fixture expects a failure");
            }
        }
        Author::Host if is_hosts_own(fixture) => {
            answer["failure"] = json!("the fixture expects a failure");
        }
        Author::Host => {}
    }
    answer
}

/// Returns the delay of the handler in milliseconds. If the fixture expects a timeout, the
/// delay exceeds the deadline.
fn delay(fixture: &Fixture, policies: &Policies) -> u64 {
    let timeout = policies.route.get("timeout_ms").and_then(Value::as_u64);
    match (timeout, fixture.expected_response.status_code) {
        (Some(timeout), 408 | 504) => {
            let beyond = timeout.saturating_add(2000);
            policies.delay_ms.unwrap_or(beyond).max(beyond)
        }
        _ => policies.delay_ms.unwrap_or(0),
    }
}

fn reply(fixture: &Fixture, policies: &Policies, hook: bool) -> Value {
    let expected = &fixture.expected_response;
    let mut reply = json!({
        "status": expected.status_code,
        "headers": headers(fixture, policies, hook),
    });
    let length = length(expected);
    match (&expected.body, length) {
        (Some(Value::String(text)), _) => reply["body"] = json!({"text": fill_text(text)}),
        (Some(body), length) => {
            // JSON allows trailing whitespace (RFC 8259): use it as padding.
            let text = fill(body).to_string();
            let rest = length.map_or(0, |length| (length as usize).saturating_sub(text.len()));
            reply["body"] = json!({"json": text + &" ".repeat(rest)});
        }
        // The content does not matter, only its length.
        (None, Some(length)) => reply["body"] = json!({"filler": length}),
        (None, None) => {}
    }
    reply
}

/// Returns the expected `content-length`.
fn length(expected: &Expected) -> Option<u64> {
    expected.headers.iter().find_map(|(name, value)| {
        let named = name.eq_ignore_ascii_case("content-length");
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        number.filter(|_| named)
    })
}

/// Checks that the expected body can have the expected `content-length`.
///
/// # Errors
/// Fails if the body cannot have that length.
pub(crate) fn check_length(expected: &Expected) -> Result<(), String> {
    let Some(length) = length(expected) else {
        return Ok(());
    };
    let fits = match &expected.body {
        Some(Value::String(text)) => fill_text(text).len() as u64 == length,
        Some(body) => (fill(body).to_string().len() as u64..=LONGEST).contains(&length),
        None => length <= LONGEST,
    };
    match fits {
        true => Ok(()),
        false => Err(format!(
            "its expected body cannot have the expected length {length}"
        )),
    }
}

/// Returns the expected headers that the guest must send.
fn headers(fixture: &Fixture, policies: &Policies, hook: bool) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (name, value) in &fixture.expected_response.headers {
        if is_hosts(&name.to_ascii_lowercase(), policies, hook) {
            continue;
        }
        let one = std::slice::from_ref(value);
        for value in value.as_array().map_or(one, Vec::as_slice) {
            let text = match value {
                Value::String(text) if text == "<<absent>>" => continue,
                Value::String(text) if text == "<<present>>" => match is_cookie(name) {
                    true => "present=1; Path=/".to_owned(),
                    false => "present".to_owned(),
                },
                Value::String(text) => fill_text(text),
                other => other.to_string(),
            };
            pairs.push((name.clone(), text));
        }
    }
    pairs
}

fn is_cookie(name: &str) -> bool {
    name.eq_ignore_ascii_case("set-cookie")
}

fn is_content(name: &str) -> bool {
    name.eq_ignore_ascii_case("content-type")
}

fn is_hosts(name: &str, policies: &Policies, hook: bool) -> bool {
    let is = |known: &&str| name == *known || (known.ends_with('-') && name.starts_with(*known));
    let of_policy = |(policy, names): &(&str, &[&str])| {
        (policies.has(policy) || names.iter().any(|known| known.ends_with('-') && is(known)))
            && names.iter().any(is)
    };
    FRAME.contains(&name)
        || name == "content-encoding"
        || OF_POLICIES.iter().any(of_policy)
        || (!hook && SECURITY.iter().any(is))
}

/// Replaces the placeholders in an expected body with values that match them.
fn fill(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(fill_text(text)),
        Value::Array(items) => items.iter().map(fill).collect(),
        Value::Object(members) => {
            let kept = members.iter().filter(|(_, value)| *value != "<<absent>>");
            kept.map(|(key, value)| (key.clone(), fill(value)))
                .collect()
        }
        other => other.clone(),
    }
}

fn fill_text(text: &str) -> String {
    match text {
        "<<uuid>>" => UUID.to_owned(),
        "<<present>>" => "present".to_owned(),
        text => text.replace(".*", "any"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(handler: Value, expected: Value, author: Author) -> Value {
        let fixture: Fixture = serde_json::from_value(json!({
            "handler": handler, "request": {}, "expected_response": expected
        }))
        .expect("a fixture");
        let policies = Policies::read(&fixture.handler.middleware).expect("policies");
        of(&fixture, &policies, author)
    }

    #[test]
    fn the_guest_knows_nothing_of_a_refusal() {
        let handler = json!({"route": "/a", "method": "GET"});
        let expected = json!({"status_code": 422, "body": {"secret": 1}, "headers": {"x-a": "b"}});
        let answer = answer(handler, expected, Author::Host);
        assert_eq!(answer["handler"]["status"], 200);
        let text = answer.to_string();
        assert!(!text.contains("secret") && !text.contains("x-a"), "{text}");
    }

    #[test]
    fn the_guest_sends_no_header_of_the_host() {
        let handler = json!({"route": "/a", "method": "GET", "middleware": {
            "compression": true, "request_id": true, "rate_limit": {"per_second": 1}
        }});
        let expected = json!({"status_code": 200, "body": [1, "<<uuid>>"], "headers": {
            "Content-Type": "application/json", "Content-Encoding": "gzip", "Vary": "Accept-Encoding",
            "Access-Control-Allow-Origin": "*", "X-Request-ID": "1", "RateLimit-Limit": "1",
            "X-Frame-Options": "DENY", "Content-Length": 3, "Location": "/b", "Set-Cookie": "<<present>>",
            "X-Own": 1, "X-None": "<<absent>>"
        }});
        let answer = answer(handler, expected, Author::Handler);
        assert_eq!(
            answer["handler"],
            json!({
                "status": 200,
                "headers": [
                    ["Content-Type", "application/json"], ["Location", "/b"],
                    ["Set-Cookie", "present=1; Path=/"], ["X-Own", "1"]
                ],
                "body": {"json": format!("[1,\"{UUID}\"]")}
            })
        );
    }

    #[test]
    fn a_hook_adds_headers() {
        let handler = json!({"route": "/a", "method": "GET", "middleware": {
            "lifecycle_hooks": {"on_response": [{"name": "h"}]}
        }});
        let expected = json!({"status_code": 200, "headers": {
            "X-Frame-Options": "DENY", "Content-Type": "text/html"
        }});
        let answer = answer(handler, expected, Author::Handler);
        assert_eq!(
            answer["hooks"]["on-response"],
            json!([["X-Frame-Options", "DENY"]])
        );
        assert_eq!(
            answer["handler"]["headers"],
            json!([["Content-Type", "text/html"]])
        );
    }

    #[test]
    fn a_handler_may_be_too_slow() {
        let handler = json!({"route": "/a", "method": "GET", "middleware": {
            "request_timeout": {"timeout_ms": 100}
        }});
        let slow = answer(handler.clone(), json!({"status_code": 504}), Author::Host);
        assert_eq!(slow["delay_ms"], 2100);
        let fast = answer(handler, json!({"status_code": 200}), Author::Handler);
        assert_eq!(fast["delay_ms"], 0);
    }

    #[test]
    fn a_length_fits_its_body() {
        for (expected, fits) in [
            (
                json!({"body": "abc", "headers": {"Content-Length": "3"}}),
                true,
            ),
            (
                json!({"body": "abc", "headers": {"Content-Length": "4"}}),
                false,
            ),
            (json!({"body": [1], "headers": {"Content-Length": 4}}), true),
            (
                json!({"body": [1], "headers": {"Content-Length": 2}}),
                false,
            ),
            (json!({"headers": {"Content-Length": 1_u64 << 40}}), false),
            (json!({"body": "abc"}), true),
        ] {
            let read = serde_json::from_value(expected.clone()).expect("an expectation");
            assert_eq!(check_length(&read).is_ok(), fits, "{expected}");
        }
    }

    #[test]
    fn a_length_makes_a_body() {
        let handler = json!({"route": "/a", "method": "HEAD"});
        let expected = json!({"status_code": 200, "headers": {"Content-Length": "85"}});
        let head = answer(handler.clone(), expected, Author::Handler);
        assert_eq!(head["handler"]["body"], json!({"filler": 85}));
        let expected = json!({"status_code": 200, "body": [], "headers": {"content-length": 4}});
        let padded = answer(handler, expected, Author::Handler);
        assert_eq!(padded["handler"]["body"], json!({"json": "[]  "}));
    }
}
