//! Times and types of registered claims (RFC 7519, section 4.1), as the policy `jwt` checks them.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};

use crate::outcome::Failed;

/// The reason why a token is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    Malformed,
    Algorithm,
    Signature,
    Expired,
    NotYetValid,
    Audience,
    Issuer,
    Claims,
}

impl Reason {
    fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Algorithm => "algorithm",
            Self::Signature => "signature",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::Audience => "audience",
            Self::Issuer => "issuer",
            Self::Claims => "claims",
        }
    }

    /// The failure of `jwt.verify`.
    pub(super) fn with(self, message: String) -> Failed {
        let mut failed = Failed::new("invalid-token", message);
        let reason = Value::from(self.as_str());
        failed.details.insert("reason".to_owned(), reason);
        failed
    }
}

/// Returns the current Unix time, in seconds.
pub(super) fn now() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs_f64()
}

/// Checks claims at a Unix time in seconds. Treats a `null` claim as absent.
pub(super) fn check(claims: &Map<String, Value>, now: f64, leeway: f64) -> Result<(), Failed> {
    let present = |name: &str| claims.get(name).filter(|value| !value.is_null());
    // RFC 7519, sections 4.1.4 and 4.1.5: not valid on or after `exp`, nor before `nbf`.
    if numeric_date(present("exp"), "exp")?.is_some_and(|exp| exp + leeway <= now) {
        return Err(Reason::Expired.with("the token has expired".to_owned()));
    }
    if numeric_date(present("nbf"), "nbf")?.is_some_and(|nbf| nbf > now + leeway) {
        return Err(Reason::NotYetValid.with("the token is not valid yet".to_owned()));
    }
    // RFC 7519 gives no reason to reject an `iat` in the future, so check only its type.
    numeric_date(present("iat"), "iat")?;
    // The crate `jsonwebtoken` accepts a list of issuers, but section 4.1.1 has only one.
    match present("iss") {
        Some(issuer) if !issuer.is_string() => Err(wrong_type("iss")),
        _ => Ok(()),
    }
}

/// Reads a NumericDate (RFC 7519, section 2), which can have a fraction.
fn numeric_date(claim: Option<&Value>, name: &str) -> Result<Option<f64>, Failed> {
    const END: f64 = u64::MAX as f64;
    let Some(value) = claim else { return Ok(None) };
    let seconds = value.as_f64();
    let seconds = seconds.filter(|seconds| (0.0..END).contains(seconds));
    seconds.map(Some).ok_or_else(|| wrong_type(name))
}

fn wrong_type(name: &str) -> Failed {
    Reason::Claims.with(format!("the claim `{name}` does not have its type"))
}
