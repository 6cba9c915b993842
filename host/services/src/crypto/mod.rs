//! Operations of cryptography: the kinds `password.*`, `crypto.*` and `jwt.*`.
//!
//! Quick operations run at once. Operations that take milliseconds run on their own threads.
//! All costs have a maximum, also those of a stored hash, because a guest or its
//! client may choose them.

mod derive;
mod digest;
mod head;
mod jwt;
mod password;
mod slow;
mod work;

use std::future::{Future, ready};
use std::pin::Pin;

use zeroize::Zeroizing;

use self::head::{Head, Secrets};
use self::work::{Data, Work};
use crate::outcome::{Failed, Outcome, Payload};

/// The future of an operation's result.
pub type Operation = Pin<Box<dyn Future<Output = Result<Outcome, Failed>> + Send + 'static>>;

/// Starts an operation. `None` if the kind is none of this module.
///
/// `secret` returns the value of a granted secret. Quick operations are complete when the future
/// is polled first; slow ones need the context of a Tokio runtime.
pub fn run(
    kind: &str,
    head: &str,
    body: Payload,
    secret: impl Fn(&str) -> Option<String>,
) -> Option<Operation> {
    type Start = fn(Head<'_>, Data, Secrets<'_>) -> Result<Work, Failed>;
    let (start, members): (Start, &[&str]) = match kind {
        "password.hash" => (password::hash, &password::HASH),
        "password.verify" => (password::verify, &password::VERIFY),
        "crypto.derive" => (derive::derive, &derive::DERIVE),
        "crypto.digest" => (digest::digest, &["hash"]),
        "crypto.hmac" => (digest::hmac, &["hash", "key", "secret"]),
        "crypto.equal" => (digest::equal, &["other"]),
        "crypto.random" => (digest::random, &["length"]),
        "jwt.sign" => (jwt::sign, &jwt::SIGN),
        "jwt.verify" => (jwt::verify, &jwt::VERIFY),
        _ => return None,
    };
    let data = Zeroizing::new(match body {
        Payload::Empty => Vec::new(),
        Payload::Json(text) | Payload::Text(text) => text.into_bytes(),
        Payload::Bytes(bytes) => bytes,
    });
    let work = Head::parse(kind, head, members).and_then(|head| start(head, data, &secret));
    Some(match work {
        Ok(Work::Done(outcome)) => Box::pin(ready(Ok(outcome))),
        Ok(Work::Slow(run)) => Box::pin(slow::run(run)),
        Err(failed) => Box::pin(ready(Err(failed))),
    })
}

#[cfg(test)]
mod tests;
