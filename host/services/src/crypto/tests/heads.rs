use serde_json::json;

use super::{invalid, run, secret};
use crate::outcome::Payload;

#[test]
fn errors_name_the_member_and_the_remedy() {
    for (kind, head, expected) in [
        (
            "crypto.digest",
            json!({}),
            "`crypto.digest` has no `hash`; use `sha-1`, `sha-256`, `sha-384` or `sha-512`",
        ),
        (
            "crypto.digest",
            json!({"hsh": "sha-256"}),
            "`crypto.digest` has an unknown member `hsh`; did you mean `hash`?",
        ),
        (
            "crypto.digest",
            json!({"hash": "md5"}),
            "`crypto.digest` has the invalid value `md5` for `hash`; use `sha-1`, `sha-256`, `sha-384` or `sha-512`",
        ),
        (
            "crypto.random",
            json!({}),
            "`crypto.random` has no `length`",
        ),
        (
            "crypto.random",
            json!({"length": 0.5}),
            "`crypto.random` has the invalid value `0.5` for `length`; use a whole number from 0 to 65536",
        ),
        (
            "crypto.equal",
            json!({"other": "?"}),
            "`crypto.equal` needs Base64 as `other`",
        ),
        (
            "crypto.equal",
            json!({"other": [1]}),
            "`crypto.equal` needs a string as `other`",
        ),
        (
            "jwt.verify",
            json!({"algorithm": "HS256", "key": "k", "audience": []}),
            "`jwt.verify` needs a string or a list of strings as `audience`",
        ),
    ] {
        assert_eq!(invalid(kind, &head), expected);
    }
}

#[test]
fn a_head_that_is_no_object_is_not_repeated() {
    for head in ["[\"hunter2\"]", "\"hunter2\"", "{\"key\": hunter2}", "{"] {
        let operation = run("crypto.hmac", head, Payload::Empty, secret).unwrap();
        let failed = pollster(operation).unwrap_err();
        assert_eq!(failed.code, "invalid");
        assert!(
            failed
                .message
                .starts_with("the head of `crypto.hmac` is not a JSON object (column "),
            "{failed}"
        );
        assert!(!failed.message.contains("hunter2"), "{failed}");
    }
}

#[test]
fn a_large_head_is_not_parsed() {
    let head = format!("{{\"hash\": \"{}\"}}", "x".repeat(1 << 20));
    let operation = run("crypto.hmac", &head, Payload::Empty, secret).unwrap();
    assert_eq!(pollster(operation).unwrap_err().code, "too-large");
}

/// The result of an operation that is ready.
fn pollster(mut operation: crate::crypto::Operation) -> Result<crate::Outcome, crate::Failed> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match operation.as_mut().poll(&mut context) {
        std::task::Poll::Ready(result) => result,
        std::task::Poll::Pending => panic!("not ready"),
    }
}
