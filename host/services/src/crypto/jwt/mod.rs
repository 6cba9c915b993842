//! JSON Web Tokens (RFC 7519) that are signed (RFC 7515).

mod claims;
mod key;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, Header, Validation};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use self::claims::Reason;
use self::key::SigningKey;
use super::head::{Head, Secrets};
use super::work::{Data, Work};
use crate::outcome::{Failed, Outcome, Payload};

/// Members of `jwt.sign`.
pub(super) const SIGN: [&str; 4] = ["algorithm", "expires_in", "key", "secret"];

/// Members of `jwt.verify`.
pub(super) const VERIFY: [&str; 6] = ["algorithm", "audience", "issuer", "key", "leeway", "secret"];

/// Maximum size of a token, in bytes, as of the policy `jwt`.
const MAX_TOKEN: usize = 16 << 10;

/// Maximum leeway for differences of clocks, in seconds, as of the policy `jwt`.
const MAX_LEEWAY: u64 = 3600;

/// Maximum of `expires_in`, in seconds: 100 years.
const MAX_EXPIRES_IN: u64 = 100 * 366 * 86_400;

/// `jwt.sign`
pub(super) fn sign(mut head: Head<'_>, claims: Data, secrets: Secrets<'_>) -> Result<Work, Failed> {
    let algorithm = algorithm(&mut head)?;
    let expires_in = head.optional_number("expires_in", 1..=MAX_EXPIRES_IN)?;
    let key = head.key(secrets, text_key)?;
    let payload = payload(&claims, expires_in).map_err(|why| head.invalid(&why))?;
    by_family(algorithm, move || {
        let token = token(algorithm, &key, &payload);
        let token = token.map_err(|why| Failed::new("invalid", format!("`jwt.sign` {why}")))?;
        if token.len() > MAX_TOKEN {
            let message = format!(
                "the token has {} bytes; the maximum is {MAX_TOKEN}, remove claims",
                token.len()
            );
            return Err(Failed::new("too-large", message));
        }
        Ok(Outcome::new(String::new(), Payload::Text(token)))
    })
}

/// Signs claims. The error is a clause about the operation.
fn token(algorithm: Algorithm, key: &[u8], payload: &str) -> Result<String, String> {
    let header = serde_json::to_vec(&Header::new(algorithm))
        .map_err(|_| "cannot write the header".to_owned())?;
    let [header, payload] = [&header[..], payload.as_bytes()].map(|it| URL_SAFE_NO_PAD.encode(it));
    let message = format!("{header}.{payload}");
    let signature = SigningKey::parse(algorithm, key)?.sign(message.as_bytes())?;
    Ok(format!("{message}.{signature}"))
}

/// `jwt.verify`
pub(super) fn verify(
    mut head: Head<'_>,
    token: Data,
    secrets: Secrets<'_>,
) -> Result<Work, Failed> {
    let algorithm = algorithm(&mut head)?;
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    // `claims` checks times, because the crate accepts a token at the instant of `exp`.
    validation.validate_exp = false;
    for (name, claim) in [("audience", "aud"), ("issuer", "iss")] {
        let Some(values) = head.optional_texts(name)? else {
            continue;
        };
        // The crate accepts a token without the claim unless it is required.
        validation.required_spec_claims.insert(claim.to_owned());
        let values = Some(values.into_iter().collect());
        match claim {
            "aud" => validation.aud = values,
            _ => validation.iss = values,
        }
    }
    validation.validate_aud = validation.aud.is_some();
    let leeway = head.optional_number("leeway", 0..=MAX_LEEWAY)?;
    let key = head.key(secrets, text_key)?;
    by_family(algorithm, move || {
        let key = key::verifying(algorithm, &key)
            .map_err(|why| Failed::new("invalid", format!("`jwt.verify` {why}")))?;
        let claims = check(&token, &key, &validation, leeway.unwrap_or(0) as f64)?;
        Ok(Outcome::new(String::new(), Payload::Json(claims)))
    })
}

/// Returns the claims of a valid token, as it has them.
fn check(
    token: &[u8],
    key: &DecodingKey,
    validation: &Validation,
    leeway: f64,
) -> Result<String, Failed> {
    if token.len() > MAX_TOKEN {
        let detail = format!("the token is larger than {MAX_TOKEN} bytes");
        return Err(Reason::Malformed.with(detail));
    }
    let malformed = |_| reason(&ErrorKind::InvalidToken);
    let header = jsonwebtoken::decode_header(token).map_err(malformed)?;
    let dots = token.iter().filter(|byte| **byte == b'.').count();
    // Critical extensions must be understood (RFC 7515, section 4.1.11); the host supports none.
    if dots != 2 || header.crit.is_some() {
        return Err(reason(&ErrorKind::InvalidToken));
    }
    let decoded = jsonwebtoken::decode::<Box<RawValue>>(token, key, validation);
    let decoded = decoded.map_err(|error| reason(error.kind()))?;
    let claims: Map<String, Value> = serde_json::from_str(decoded.claims.get())
        .map_err(|_| Reason::Malformed.with("the claims are not a JSON object".to_owned()))?;
    claims::check(&claims, claims::now(), leeway)?;
    let text: Box<str> = decoded.claims.into();
    Ok(text.into())
}

/// Explains why a token is invalid.
fn reason(kind: &ErrorKind) -> Failed {
    let (reason, detail) = match kind {
        // A corrupt signature is often not valid Base64.
        ErrorKind::InvalidSignature | ErrorKind::Base64(_) => {
            (Reason::Signature, "the signature is wrong")
        }
        ErrorKind::InvalidAlgorithm => (Reason::Algorithm, "the token has another algorithm"),
        ErrorKind::InvalidAudience => (Reason::Audience, "the token is for another audience"),
        ErrorKind::InvalidIssuer => (Reason::Issuer, "the token is of another issuer"),
        ErrorKind::MissingRequiredClaim(claim) if claim == "aud" => {
            (Reason::Audience, "the token has no audience")
        }
        ErrorKind::MissingRequiredClaim(_) => (Reason::Issuer, "the token has no issuer"),
        _ => (
            Reason::Malformed,
            "the token is not a JSON Web Token that the host supports",
        ),
    };
    reason.with(detail.to_owned())
}

fn algorithm(head: &mut Head<'_>) -> Result<Algorithm, Failed> {
    const NAMES: [&str; 12] = [
        "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
        "ES384", "EdDSA",
    ];
    let choices = NAMES.map(|name| (name, name));
    let name = head.choice("algorithm", &choices, None)?;
    Algorithm::from_str(name).map_err(|_| head.invalid("does not support this algorithm"))
}

/// HMAC takes microseconds; the others take up to milliseconds.
fn by_family(
    algorithm: Algorithm,
    run: impl FnOnce() -> Result<Outcome, Failed> + Send + 'static,
) -> Result<Work, Failed> {
    match algorithm.family() {
        AlgorithmFamily::Hmac => run().map(Work::Done),
        _ => Ok(Work::slow(run)),
    }
}

fn text_key(head: &mut Head<'_>) -> Result<Option<Data>, Failed> {
    let text = head.optional_text("key")?;
    Ok(text.map(|text| text.as_bytes().to_vec().into()))
}

/// The claims with `iat` and `exp`. The other claims keep their text, such as large numbers.
fn payload(claims: &[u8], expires_in: Option<u64>) -> Result<String, String> {
    let wrong = |_| "needs the claims as a JSON object".to_owned();
    let mut claims: BTreeMap<String, Box<RawValue>> =
        serde_json::from_slice(claims).map_err(wrong)?;
    if let Some(expires_in) = expires_in {
        if claims.contains_key("exp") {
            return Err("has `expires_in`, and a claim `exp`; remove one of them".to_owned());
        }
        let now = claims::now() as u64;
        let number = |number: u64| RawValue::from_string(number.to_string()).map_err(wrong);
        if !claims.contains_key("iat") {
            claims.insert("iat".to_owned(), number(now)?);
        }
        claims.insert("exp".to_owned(), number(now + expires_in)?);
    }
    serde_json::to_string(&claims).map_err(wrong)
}
