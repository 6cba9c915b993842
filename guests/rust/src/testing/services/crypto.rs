//! Passwords, tokens, digests and random bytes.
//!
//! Passwords are hashed with a low cost, so that tests are fast.

mod hash;
mod jwt;
mod secrets;

use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

use self::hash::Hash;
use self::secrets::{Secrets, secret};
use super::input::{bytes, read};
use super::outcome::{Fault, Outcome};
use crate::Content;

#[derive(Deserialize)]
struct VerifyHead {
    hash: String,
}

#[derive(Deserialize)]
struct DigestHead {
    hash: Hash,
}

#[derive(Deserialize)]
struct MacHead {
    hash: Hash,
    key: Option<String>,
    secret: Option<String>,
}

#[derive(Deserialize)]
struct EqualHead {
    other: String,
}

#[derive(Deserialize)]
struct RandomHead {
    length: usize,
}

pub(super) fn perform(
    secrets: &Secrets,
    now: Duration,
    kind: &str,
    head: &str,
    body: &Content,
) -> Result<Outcome, Fault> {
    let data = bytes(body);
    let result = |data: Vec<u8>| Ok(Outcome::new(200).body(Content::Bytes(data)));
    match kind {
        "password.hash" => hash(data),
        "password.verify" => verify(data, &read::<VerifyHead>(head)?.hash),
        "jwt.sign" => jwt::sign(secrets, now, head, data),
        "jwt.verify" => jwt::verify(secrets, now, head, data),
        "crypto.digest" => result(read::<DigestHead>(head)?.hash.digest(data)),
        "crypto.hmac" => {
            let head: MacHead = read(head)?;
            let key = match (head.key, head.secret) {
                (Some(key), None) => STANDARD.decode(key).map_err(invalid)?,
                (None, Some(name)) => secret(secrets, &name)?.as_bytes().to_vec(),
                _ => return Err(Fault::new("invalid", "pass either `key` or `secret`")),
            };
            result(head.hash.hmac(&key, data))
        }
        "crypto.equal" => {
            let other = STANDARD
                .decode(read::<EqualHead>(head)?.other)
                .map_err(invalid)?;
            Ok(Outcome::new(200).head(&json!({"equal": other == data})))
        }
        "crypto.random" => {
            let RandomHead { length } = read(head)?;
            if length > 65_536 {
                return Err(Fault::new("invalid", "`length` is at most 65,536"));
            }
            let mut random = vec![0; length];
            getrandom::fill(&mut random).map_err(invalid)?;
            result(random)
        }
        _ => Err(Fault::new(
            "unknown-kind",
            format!("the test client does not perform `{kind}`"),
        )),
    }
}

fn invalid(error: impl ToString) -> Fault {
    Fault::new("invalid", error.to_string())
}

fn hash(password: &[u8]) -> Result<Outcome, Fault> {
    let params = Params::new(64, 1, 1, None).map_err(invalid)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password(password).map_err(invalid)?;
    Ok(Outcome::new(200).body(Content::Text(hash.to_string())))
}

fn verify(password: &[u8], hash: &str) -> Result<Outcome, Fault> {
    let is_bcrypt = ["$2a$", "$2b$", "$2y$"]
        .iter()
        .any(|prefix| hash.starts_with(prefix));
    let valid = if is_bcrypt {
        bcrypt::verify(password, hash).map_err(invalid)?
    } else if hash.starts_with("$argon2") {
        let parsed = PasswordHash::new(hash).map_err(invalid)?;
        Argon2::default().verify_password(password, &parsed).is_ok()
    } else {
        return Err(Fault::new(
            "invalid",
            "the test client verifies hashes of Argon2 and bcrypt only",
        ));
    };
    let head = json!({"valid": valid, "outdated": valid && is_bcrypt});
    Ok(Outcome::new(200).head(&head))
}
