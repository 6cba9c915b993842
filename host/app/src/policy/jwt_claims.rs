//! Checks of a token's claims that the crate `jsonwebtoken` does not make or makes only in
//! whole seconds: the times and types of registered claims (RFC 7519, section 4.1), and the
//! presence of other required claims.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};

/// The registered claims whose presence the crate checks.
pub(super) const CHECKED_BY_CRATE: [&str; 5] = ["exp", "nbf", "aud", "iss", "sub"];

/// Returns true if RFC 7519 registers a claim.
pub(super) fn is_registered(name: &str) -> bool {
    CHECKED_BY_CRATE.contains(&name) || matches!(name, "iat" | "jti")
}

/// The reason to reject a token with a valid signature.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ClaimError {
    /// The token is invalid, expired or not yet valid (401).
    Invalid(String),
    /// The token is valid but lacks a claim that the app requires (403).
    MissingAppClaim(String),
}

/// Returns the current Unix time, in seconds.
pub(super) fn now() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs_f64()
}

/// Checks claims at a Unix time in seconds. Treats a `null` claim as absent.
pub(super) fn check(
    claims: &Map<String, Value>,
    required: &[String],
    now: f64,
    leeway: f64,
) -> Result<(), ClaimError> {
    let invalid = |detail: &str| Err(ClaimError::Invalid(detail.to_owned()));
    let present = |name: &str| claims.get(name).filter(|value| !value.is_null());
    // RFC 7519, sections 4.1.4 and 4.1.5: not valid on or after `exp`, nor before `nbf`.
    if numeric_date(present("exp"), "exp")?.is_some_and(|exp| exp + leeway <= now) {
        return invalid("Token has expired");
    }
    if numeric_date(present("nbf"), "nbf")?.is_some_and(|nbf| nbf > now + leeway) {
        return invalid("JWT not valid yet, not before claim is in the future");
    }
    // RFC 7519 gives no reason to reject an `iat` in the future, so check only its type.
    numeric_date(present("iat"), "iat")?;
    // The crate accepts a list of issuers, but RFC 7519, section 4.1.1, has only one.
    if present("iss").is_some_and(|issuer| !issuer.is_string()) {
        return Err(wrong_type("iss"));
    }
    let mut missing = required.iter().filter(|name| present(name).is_none());
    let mut missing_app_claim = None;
    // An invalid token (401) takes precedence over a missing app claim (403).
    missing.try_for_each(|name| {
        let detail = format!("Token has no claim `{name}`");
        if is_registered(name) {
            return Err(ClaimError::Invalid(detail));
        }
        missing_app_claim.get_or_insert(detail);
        Ok(())
    })?;
    missing_app_claim.map_or(Ok(()), |detail| Err(ClaimError::MissingAppClaim(detail)))
}

/// Reads a NumericDate (RFC 7519, section 2), which can have a fraction.
fn numeric_date(claim: Option<&Value>, name: &str) -> Result<Option<f64>, ClaimError> {
    const END: f64 = u64::MAX as f64;
    let Some(value) = claim else { return Ok(None) };
    let seconds = value
        .as_f64()
        .filter(|seconds| (0.0..END).contains(seconds));
    seconds.map(Some).ok_or_else(|| wrong_type(name))
}

fn wrong_type(name: &str) -> ClaimError {
    ClaimError::Invalid(format!(
        "Token has a claim `{name}` that is not of its type"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(now: f64, leeway: f64, claims: &Value) -> Result<(), ClaimError> {
        let Value::Object(claims) = claims else {
            panic!("{claims}")
        };
        check(claims, &[], now, leeway)
    }

    #[test]
    fn a_token_is_refused_from_the_instant_it_expires() {
        let expired = Err(ClaimError::Invalid("Token has expired".to_owned()));
        let claims = json!({"exp": 1000});
        assert_eq!(at(999.9, 0.0, &claims), Ok(()));
        for now in [1000.0, 1000.4, 1001.0, 1500.0] {
            assert_eq!(at(now, 0.0, &claims), expired, "{now}");
        }
        // Leeway shifts the instant, and fractions matter.
        assert_eq!(at(1029.9, 30.0, &claims), Ok(()));
        assert_eq!(at(1030.0, 30.0, &claims), expired);
        let claims = json!({"exp": 1000.5});
        assert_eq!(at(1000.4, 0.0, &claims), Ok(()));
        assert_eq!(at(1000.5, 0.0, &claims), expired);
    }

    #[test]
    fn a_token_is_accepted_from_the_instant_of_nbf() {
        let reason = "JWT not valid yet, not before claim is in the future";
        let early = Err(ClaimError::Invalid(reason.to_owned()));
        for nbf in [json!(1000), json!(999.6), json!(999.5)] {
            assert_eq!(at(1000.0, 0.0, &json!({"nbf": nbf})), Ok(()), "{nbf}");
        }
        assert_eq!(at(999.9, 0.0, &json!({"nbf": 1000})), early);
        assert_eq!(at(1000.0, 0.0, &json!({"nbf": 1000.4})), early);
        assert_eq!(at(970.0, 30.0, &json!({"nbf": 1000})), Ok(()));
        assert_eq!(at(969.9, 30.0, &json!({"nbf": 1000})), early);
    }

    #[test]
    fn registered_claims_have_their_types() {
        for (name, value) in [
            ("iat", json!("yesterday")),
            ("iat", json!(-1)),
            ("exp", json!(1e300)),
            ("nbf", json!([1])),
            ("iss", json!(["me"])),
            ("iss", json!(7)),
        ] {
            let claims = json!({ name: value });
            assert_eq!(at(1000.0, 0.0, &claims), Err(wrong_type(name)), "{claims}");
        }
        let claims = json!({"iat": 2000, "iss": "me", "exp": null, "nbf": null});
        assert_eq!(at(1000.0, 0.0, &claims), Ok(()));
    }
}
