//! Tests of all kinds through [`run`], with published vectors.

mod derive;
mod digest;
mod heads;
mod hostile;

use std::task::{Context, Poll, Waker};

use serde_json::Value;

use super::run;
use crate::outcome::{Failed, Outcome, Payload};

/// The only granted secret is `known`.
fn secret(name: &str) -> Option<String> {
    (name == "known").then(|| "a granted secret".to_owned())
}

/// Runs an operation to its end.
pub(super) fn call(kind: &str, head: &Value, body: Payload) -> Result<Outcome, Failed> {
    let operation = run(kind, &head.to_string(), body, secret).expect("a known kind");
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(operation)
}

/// Runs an operation that is ready at the first poll, without a runtime.
#[track_caller]
pub(super) fn quick(kind: &str, head: &Value, body: Payload) -> Result<Outcome, Failed> {
    let mut operation = run(kind, &head.to_string(), body, secret).expect("a known kind");
    let mut context = Context::from_waker(Waker::noop());
    match operation.as_mut().poll(&mut context) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("`{kind}` is not ready at once"),
    }
}

/// The failure of an operation whose arguments are wrong, which is ready at once.
#[track_caller]
pub(super) fn invalid(kind: &str, head: &Value) -> String {
    let failed = quick(kind, head, Payload::Empty).expect_err("invalid arguments");
    assert_eq!(failed.code, "invalid", "{failed}");
    failed.message
}

pub(super) fn text(text: &str) -> Payload {
    Payload::Text(text.to_owned())
}

pub(super) fn bytes(bytes: &[u8]) -> Payload {
    Payload::Bytes(bytes.to_vec())
}

pub(super) fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

pub(super) fn hex(outcome: Result<Outcome, Failed>) -> String {
    let outcome = outcome.expect("a result");
    assert_eq!((outcome.status, outcome.head.as_str()), (200, ""));
    let Payload::Bytes(bytes) = outcome.body else {
        panic!("no bytes: {outcome:?}");
    };
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The head of a result without a body.
pub(super) fn head(outcome: Result<Outcome, Failed>) -> Value {
    let outcome = outcome.expect("a result");
    assert_eq!((outcome.status, &outcome.body), (200, &Payload::Empty));
    serde_json::from_str(&outcome.head).expect("JSON")
}

#[test]
fn other_kinds_are_not_known() {
    for kind in [
        "",
        "crypto",
        "crypto.",
        "crypto.digest2",
        "sql.query",
        "CRYPTO.DIGEST",
    ] {
        assert!(run(kind, "{}", Payload::Empty, secret).is_none(), "{kind}");
    }
}
