//! Authentication by JSON Web Tokens (RFC 7519) as bearer tokens (RFC 6750).
//!
//! The crate `jsonwebtoken` checks signatures, audience and issuer. The module
//! `jwt_claims` checks times and types.

use std::collections::HashSet;
use std::time::Duration;

use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::header::{self, Fields};
use super::jwt_claims::{self, ClaimError};
use super::jwt_key;
use super::secret::{Secret, Secrets};
use super::switch::{FromTrue, OneOrMany};
use crate::params::RequestHead;
use crate::printable::one_line;
use crate::refusal::Refusal;

/// The declaration of `jwt`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JwtSpec {
    #[serde(default)]
    algorithms: Vec<Algorithm>,
    secret: Option<Secret>,
    public_key: Option<Secret>,
    audience: Option<OneOrMany>,
    issuer: Option<OneOrMany>,
    #[serde(default)]
    leeway: u64,
    #[serde(default = "default_claims")]
    required_claims: Vec<String>,
    realm: Option<String>,
    /// The authentication scheme of the header `authorization`.
    scheme: Option<String>,
    /// True if a request without a token passes, without claims.
    #[serde(default)]
    optional: bool,
}

/// The scheme of RFC 6750.
const BEARER: &str = "Bearer";

fn default_claims() -> Vec<String> {
    vec!["exp".to_owned()]
}

impl JwtSpec {
    /// Returns true if a request without a token passes.
    pub(crate) fn is_optional(&self) -> bool {
        self.optional
    }

    /// Returns the Security Scheme Object of OpenAPI.
    pub(crate) fn security_scheme(&self) -> Value {
        let scheme = self.scheme.as_deref().unwrap_or(BEARER);
        json!({"type": "http", "scheme": scheme.to_ascii_lowercase(), "bearerFormat": "JWT"})
    }

    /// Returns true if a valid token can be rejected with 403 because it lacks a claim of
    /// the app.
    pub(crate) fn requires_app_claims(&self) -> bool {
        let mut claims = self.required_claims.iter();
        claims.any(|claim| !jwt_claims::is_registered(claim))
    }
}

impl FromTrue for JwtSpec {
    fn from_true() -> Result<Self, &'static str> {
        Err("declare `algorithms`, and `secret` or `public_key`")
    }
}

/// The maximum size of a token, in bytes.
const MAX_TOKEN: usize = 16 << 10;

/// The maximum leeway for clock differences, in seconds.
const MAX_LEEWAY: u64 = 3600;

/// The JWT policy.
#[derive(Debug)]
pub struct Jwt {
    /// `None` if the operator did not provide the secret: every request then fails.
    key: Option<DecodingKey>,
    validation: Validation,
    /// Required claims that the crate does not check.
    other_claims: Vec<String>,
    wrong_issuer: String,
    realm: String,
    scheme: String,
    is_optional: bool,
}

impl Jwt {
    /// The local context key that holds the claims.
    pub const CONTEXT: &'static str = "spikard.jwt";

    pub(super) fn new(spec: &JwtSpec, secrets: &Secrets, app: &str) -> Result<Self, String> {
        let (algorithms, key) = key(spec, secrets)?;
        let mut validation = Validation::new(algorithms[0]);
        validation.algorithms = algorithms;
        validation.leeway = spec.leeway;
        // `jwt_claims` checks times, because the crate rounds them to seconds and accepts a
        // token at the instant of `exp`.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        if spec.leeway > MAX_LEEWAY {
            return Err(format!(
                "has `leeway` `{}`, which is above the maximum of {MAX_LEEWAY} seconds",
                spec.leeway
            ));
        }
        let mut required = spec.required_claims.clone();
        let mut accepted = |name: &str, declared: &Option<OneOrMany>| match declared {
            None => Ok(None),
            Some(OneOrMany(values)) if values.is_empty() => Err(format!(
                "has an empty `{name}`, so it would reject every token; remove it or add a value"
            )),
            Some(OneOrMany(values)) => {
                // The crate accepts a token without the claim unless it is required.
                let claim = if name == "audience" { "aud" } else { "iss" };
                required.push(claim.to_owned());
                Ok(Some(values.iter().cloned().collect::<HashSet<_>>()))
            }
        };
        validation.aud = accepted("audience", &spec.audience)?;
        validation.validate_aud = validation.aud.is_some();
        validation.iss = accepted("issuer", &spec.issuer)?;
        let (registered, other_claims): (Vec<_>, Vec<_>) = required
            .into_iter()
            .partition(|claim| jwt_claims::CHECKED_BY_CRATE.contains(&claim.as_str()));
        validation.required_spec_claims = registered.into_iter().collect();
        Ok(Self {
            key,
            validation,
            other_claims,
            wrong_issuer: match spec.issuer.as_ref().map(|issuers| issuers.0.as_slice()) {
                Some([issuer]) => format!("Token issuer is invalid, expected '{issuer}'"),
                _ => "Token issuer is invalid".to_owned(),
            },
            realm: spec.realm.clone().unwrap_or_else(|| app.to_owned()),
            scheme: scheme(spec)?,
            is_optional: spec.optional,
        })
    }

    /// Authenticates a request, and returns the claims of its token as JSON; `None` if it has no
    /// token and needs none.
    pub(super) fn check(&self, head: &impl RequestHead) -> Result<Option<String>, Refusal> {
        let scheme = &self.scheme;
        let missing = || {
            self.no_token(
                "Missing or invalid Authorization header",
                &format!("Expected 'Authorization: {scheme} <token>'"),
            )
        };
        let field = match header::fields(head, "authorization") {
            Fields::None if self.is_optional => return Ok(None),
            Fields::None => return Err(missing()),
            Fields::One(field) => String::from_utf8(field).map_err(|_| missing())?,
            Fields::Many => {
                return Err(self.no_token(
                    "Invalid Authorization header format",
                    "The request has more than one Authorization header",
                ));
            }
        };
        let (sent, token) = field.split_once(' ').unwrap_or((&field, ""));
        if !sent.eq_ignore_ascii_case(scheme) {
            return Err(self.no_token(
                "Invalid Authorization header format",
                &format!("Authorization header must use {scheme} scheme: '{scheme} <token>'"),
            ));
        }
        self.claims(token.trim_matches(' ')).map(Some)
    }

    fn claims(&self, token: &str) -> Result<String, Refusal> {
        let malformed = |what: String| {
            let detail = format!("Malformed JWT token: {what}");
            self.bad_token("Malformed JWT token", detail)
        };
        if token.len() > MAX_TOKEN {
            return Err(malformed(format!("longer than {MAX_TOKEN} bytes")));
        }
        let parts = token.split('.').count();
        if parts != 3 {
            return Err(malformed(format!(
                "expected 3 parts separated by dots, found {parts}"
            )));
        }
        let invalid = |detail: String| self.bad_token("JWT validation failed", detail);
        let key = self.key.as_ref().ok_or(Refusal::Failed)?;
        let decoded = jsonwebtoken::decode::<Map<String, Value>>(token, key, &self.validation)
            .map_err(|error| invalid(self.describe(&error)))?;
        // Critical extensions must be understood (RFC 7515, section 4.1.11); the host
        // supports none.
        if decoded.header.crit.is_some() {
            return Err(invalid("Token has a critical header".to_owned()));
        }
        let leeway = Duration::from_secs(self.validation.leeway).as_secs_f64();
        jwt_claims::check(
            &decoded.claims,
            &self.other_claims,
            jwt_claims::now(),
            leeway,
        )
        .map_err(|error| match error {
            ClaimError::Invalid(detail) => invalid(detail),
            ClaimError::MissingAppClaim(detail) => Refusal::Forbidden { detail },
        })?;
        serde_json::to_string(&decoded.claims).map_err(|_| Refusal::Failed)
    }

    /// Describes an invalid token to the client, without information about the key.
    fn describe(&self, error: &Error) -> String {
        match error.kind() {
            // A corrupt signature is often not valid Base64.
            ErrorKind::InvalidSignature | ErrorKind::Base64(_) => {
                "Token signature is invalid".to_owned()
            }
            ErrorKind::InvalidAudience => "Token audience is invalid".to_owned(),
            ErrorKind::InvalidIssuer => self.wrong_issuer.clone(),
            ErrorKind::InvalidAlgorithm => "Token algorithm is not accepted".to_owned(),
            ErrorKind::MissingRequiredClaim(claim) => format!("Token has no claim `{claim}`"),
            _ => "Token is invalid".to_owned(),
        }
    }

    /// Rejects a request without a token. The challenge has no error code (RFC 6750,
    /// section 3.1).
    fn no_token(&self, title: &'static str, detail: &str) -> Refusal {
        Refusal::Unauthorized {
            title,
            detail: detail.to_owned(),
            challenge: header::challenge(&self.scheme, &[("realm", &self.realm)]),
        }
    }

    fn bad_token(&self, title: &'static str, detail: String) -> Refusal {
        let parameters = [
            ("realm", self.realm.as_str()),
            ("error", "invalid_token"),
            ("error_description", &detail),
        ];
        Refusal::Unauthorized {
            title,
            challenge: header::challenge(&self.scheme, &parameters),
            detail,
        }
    }
}

/// Returns the authentication scheme, a token of RFC 9110.
fn scheme(spec: &JwtSpec) -> Result<String, String> {
    let scheme = spec.scheme.as_deref().unwrap_or(BEARER);
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    match !scheme.is_empty() && scheme.bytes().all(is_token) {
        true => Ok(scheme.to_owned()),
        false => Err(format!(
            "has the `scheme` `{}`, which is not a name of letters, digits and `-`; use one such as `Bearer` or `Token`",
            one_line(scheme)
        )),
    }
}

/// Returns the declared algorithms, all of one family, and their key.
fn key(spec: &JwtSpec, secrets: &Secrets) -> Result<(Vec<Algorithm>, Option<DecodingKey>), String> {
    let algorithms = match (spec.algorithms.as_slice(), &spec.secret) {
        ([], Some(_)) => vec![Algorithm::HS256],
        ([], None) => return Err("has no `algorithms`; declare at least one".to_owned()),
        (declared, _) => declared.to_vec(),
    };
    let family = algorithms[0].family();
    if let Some(other) = algorithms.iter().find(|other| other.family() != family) {
        return Err(format!(
            "has `algorithms` `{:?}` and `{other:?}`, which need different keys; declare algorithms of one key type",
            algorithms[0]
        ));
    }
    let is_shared = family == AlgorithmFamily::Hmac;
    let (declared, stray) = match is_shared {
        true => (&spec.secret, &spec.public_key),
        false => (&spec.public_key, &spec.secret),
    };
    let (wanted, other) = match is_shared {
        true => ("secret", "public_key"),
        false => ("public_key", "secret"),
    };
    let first = algorithms[0];
    if stray.is_some() {
        return Err(format!(
            "has a `{other}`, but `{first:?}` needs a `{wanted}`; replace or remove it"
        ));
    }
    let declared = declared
        .as_ref()
        .ok_or_else(|| format!("has no `{wanted}`, which `{first:?}` needs; declare it"))?;
    let key = match secrets.find(declared)? {
        Some(bytes) => Some(jwt_key::read(&bytes, &algorithms)?),
        None => None,
    };
    Ok((algorithms, key))
}
