//! Hashes of passwords: Argon2id for new ones, and those of other programs to check.

mod argon;
mod stored;
#[cfg(test)]
mod tests;

use serde_json::json;

use self::argon::Cost;
use self::stored::StoredHash;
use super::head::{Head, Secrets};
use super::work::{Data, Work};
use crate::outcome::{Failed, Outcome, Payload};

/// Members of `password.hash`.
pub(super) const HASH: [&str; 4] = ["algorithm", "iterations", "memory_kib", "parallelism"];

/// Members of `password.verify`.
pub(super) const VERIFY: [&str; 4] = ["hash", "iterations", "memory_kib", "parallelism"];

/// `password.hash`
pub(super) fn hash(mut head: Head<'_>, password: Data, _: Secrets<'_>) -> Result<Work, Failed> {
    head.choice("algorithm", &[("argon2id", ())], Some(()))?;
    let cost = Cost::read(&mut head)?;
    Ok(Work::slow(move || {
        let hash = argon::hash(&password, &cost)?;
        Ok(Outcome::new(String::new(), Payload::Text(hash)))
    }))
}

/// `password.verify`
///
/// A wrong password is a result. A hash that the host cannot check is an error, because the
/// cause is the app's data.
pub(super) fn verify(mut head: Head<'_>, password: Data, _: Secrets<'_>) -> Result<Work, Failed> {
    let wanted = Cost::read(&mut head)?;
    let text = head.text("hash")?;
    let stored = StoredHash::parse(&text).map_err(|why| head.invalid(&why))?;
    let outdated = stored.is_weaker(&wanted);
    Ok(Work::slow(move || {
        let valid = stored.matches(&password)?;
        let head = json!({ "valid": valid, "outdated": outdated });
        Ok(Outcome::new(head.to_string(), Payload::Empty))
    }))
}
