//! JSON Web Tokens with HMAC.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::hash::Hash;
use super::secrets::{Secrets, secret};
use crate::Content;
use crate::testing::services::input::read;
use crate::testing::services::outcome::{Fault, Outcome};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    algorithm: String,
    key: Option<String>,
    secret: Option<String>,
    expires_in: Option<u64>,
    issuer: Option<String>,
    audience: Option<String>,
    leeway: Option<u64>,
}

impl Head {
    fn hash(&self) -> Result<Hash, Fault> {
        serde_json::from_value(json!(self.algorithm)).map_err(|_| {
            let algorithm = &self.algorithm;
            Fault::new(
                "failed",
                format!("the test client has only HS256, HS384 and HS512, not `{algorithm}`"),
            )
        })
    }

    fn key<'a>(&'a self, secrets: &'a Secrets) -> Result<&'a [u8], Fault> {
        match (&self.key, &self.secret) {
            (Some(key), None) => Ok(key.as_bytes()),
            (None, Some(name)) => Ok(secret(secrets, name)?.as_bytes()),
            _ => Err(Fault::new("invalid", "pass either `key` or `secret`")),
        }
    }
}

/// The time in seconds; `now` is the virtual time that has passed.
fn seconds(now: Duration) -> u64 {
    let real = SystemTime::now().duration_since(UNIX_EPOCH);
    (real.unwrap_or_default() + now).as_secs()
}

fn invalid(reason: &str, message: &str) -> Fault {
    let mut fault = Fault::new("invalid-token", message);
    fault.0["reason"] = json!(reason);
    fault
}

pub(super) fn sign(
    secrets: &Secrets,
    now: Duration,
    head: &str,
    claims: &[u8],
) -> Result<Outcome, Fault> {
    let head: Head = read(head)?;
    let mut claims: Map<String, Value> = serde_json::from_slice(claims)?;
    if let Some(time) = head.expires_in {
        claims.insert("iat".to_owned(), json!(seconds(now)));
        claims.insert("exp".to_owned(), json!(seconds(now) + time));
    }
    let header = json!({"typ": "JWT", "alg": head.algorithm}).to_string();
    let claims = Value::Object(claims).to_string();
    let [header, claims] = [header, claims].map(|json| URL_SAFE_NO_PAD.encode(json));
    let text = format!("{header}.{claims}");
    let code = head.hash()?.hmac(head.key(secrets)?, text.as_bytes());
    let token = format!("{text}.{}", URL_SAFE_NO_PAD.encode(code));
    Ok(Outcome::new(200).body(Content::Text(token)))
}

pub(super) fn verify(
    secrets: &Secrets,
    now: Duration,
    head: &str,
    token: &[u8],
) -> Result<Outcome, Fault> {
    let head: Head = read(head)?;
    let malformed = || invalid("malformed", "the token is not a JSON Web Token");
    let token = std::str::from_utf8(token).map_err(|_| malformed())?;
    let (text, code) = token.rsplit_once('.').ok_or_else(malformed)?;
    let (header, claims) = text.split_once('.').ok_or_else(malformed)?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed());
    let header: Value = serde_json::from_slice(&decode(header)?).map_err(|_| malformed())?;
    if header["alg"] != json!(head.algorithm) {
        return Err(invalid("algorithm", "the token has another algorithm"));
    }
    let expected = head.hash()?.hmac(head.key(secrets)?, text.as_bytes());
    if decode(code).ok() != Some(expected) {
        return Err(invalid("signature", "the signature is wrong"));
    }
    let claims = decode(claims)?;
    check(&head, &serde_json::from_slice(&claims)?, seconds(now))?;
    let claims = String::from_utf8(claims).map_err(|_| malformed())?;
    Ok(Outcome::new(200).body(Content::Json(claims)))
}

fn check(head: &Head, claims: &Map<String, Value>, now: u64) -> Result<(), Fault> {
    let time = |name: &str| claims.get(name).and_then(Value::as_u64);
    let leeway = head.leeway.unwrap_or_default();
    if time("exp").is_some_and(|end| end + leeway <= now) {
        return Err(invalid("expired", "the token has expired"));
    }
    if time("nbf").is_some_and(|begin| begin > now + leeway) {
        return Err(invalid("not-yet-valid", "the token is not valid yet"));
    }
    if head.issuer.is_some() && claims.get("iss").and_then(Value::as_str) != head.issuer.as_deref()
    {
        return Err(invalid("issuer", "the token has another issuer"));
    }
    let Some(audience) = &head.audience else {
        return Ok(());
    };
    let is_for = match claims.get("aud") {
        Some(Value::Array(all)) => all.contains(&json!(audience)),
        one => one == Some(&json!(audience)),
    };
    if is_for {
        Ok(())
    } else {
        Err(invalid("audience", "the token is for another audience"))
    }
}
