//! Stored hashes of passwords, also of other programs: PHC strings, bcrypt, and passlib's PBKDF2.

use std::borrow::Cow;

use argon2::Argon2;
use argon2::password_hash::{Error, PasswordVerifier};
use bcrypt::HashParts;
use password_hash::phc::{ParamsString, PasswordHash};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::argon::{self, Cost};
use crate::crypto::derive::{ScryptCost, check_pbkdf2, pbkdf2};
use crate::crypto::digest::Hash;
use crate::outcome::Failed;

/// Maximum cost of bcrypt, which doubles with each: about 2 s.
const MAX_BCRYPT: u32 = 15;

/// Largest hash of a known format, in bytes.
const MAX_SIZE: usize = 512;

/// A hash whose costs are within the maximum.
pub(super) enum StoredHash {
    /// Argon2id or Argon2i.
    Argon {
        hash: Box<PasswordHash>,
        cost: Cost,
    },
    Bcrypt(String),
    Pbkdf2 {
        hash: Hash,
        iterations: u32,
        expected: Expected,
    },
    Scrypt {
        cost: ScryptCost,
        expected: Expected,
    },
}

/// Salt and key of a hash.
pub(super) struct Expected {
    salt: Vec<u8>,
    key: Vec<u8>,
}

impl StoredHash {
    /// Parses a hash. The error is a clause about the operation, without the hash.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let name = text
            .strip_prefix('$')
            .and_then(|rest| rest.split('$').next());
        match name {
            _ if text.len() > MAX_SIZE => Err(malformed("supported")),
            Some("argon2id" | "argon2i") => {
                let mut hash = phc(text, "Argon2")?;
                // Hashes of the first version do not name it.
                let version = hash.version.get_or_insert(argon2::Version::V0x10.into());
                if argon2::Version::try_from(*version).is_err() {
                    return Err(malformed("Argon2"));
                }
                let cost = Cost::of(&hash)?.ok_or_else(|| malformed("Argon2"))?;
                Ok(Self::Argon {
                    hash: Box::new(hash),
                    cost,
                })
            }
            Some("2a" | "2b" | "2y") => bcrypt_hash(text),
            Some("pbkdf2-sha256") => pbkdf2_hash(text, Hash::Sha256),
            Some("pbkdf2-sha512") => pbkdf2_hash(text, Hash::Sha512),
            Some("scrypt") => {
                let hash = phc(text, "scrypt")?;
                let number = |name| number(&hash.params, name).ok_or_else(|| malformed("scrypt"));
                let (log_n, r, p) = (number("ln")?, number("r")?, number("p")?);
                let cost = ScryptCost::new(log_n, r.into(), p.into())?;
                let expected = Expected::of(&hash)?;
                Ok(Self::Scrypt { cost, expected })
            }
            _ => Err("has a `hash` of an unknown format; supported are argon2id, argon2i, bcrypt (`$2a$`, `$2b$`, `$2y$`), pbkdf2-sha256, pbkdf2-sha512 and scrypt".to_owned()),
        }
    }

    /// True if a new hash of these costs would be stronger.
    pub(super) fn is_weaker(&self, wanted: &Cost) -> bool {
        match self {
            Self::Argon { hash, cost } => {
                hash.algorithm.as_str() != "argon2id"
                    || hash.version != Some(argon2::Version::V0x13.into())
                    || cost.is_below(wanted)
            }
            _ => true,
        }
    }

    /// True if this is the password.
    pub(super) fn matches(&self, password: &[u8]) -> Result<bool, Failed> {
        match self {
            Self::Argon { hash, .. } => {
                match Argon2::default().verify_password(password, &**hash) {
                    Ok(()) => Ok(true),
                    Err(Error::PasswordInvalid) => Ok(false),
                    Err(error) => Err(argon::failed(error)),
                }
            }
            Self::Bcrypt(hash) => bcrypt::verify(password, hash).map_err(|error| {
                Failed::new("failed", format!("the password cannot be hashed: {error}"))
            }),
            Self::Pbkdf2 {
                hash,
                iterations,
                expected,
            } => expected.compare(|salt, key| {
                pbkdf2(*hash, password, salt, *iterations, key);
                Ok(())
            }),
            Self::Scrypt { cost, expected } => {
                expected.compare(|salt, key| cost.derive(password, salt, key))
            }
        }
    }
}

impl Expected {
    fn of(hash: &PasswordHash) -> Result<Self, String> {
        match (&hash.salt, &hash.hash) {
            (Some(salt), Some(key)) => Ok(Self {
                salt: salt.to_vec(),
                key: key.as_bytes().to_vec(),
            }),
            _ => Err(malformed("complete")),
        }
    }

    /// True if the salt gives the key.
    fn compare(
        &self,
        derive: impl FnOnce(&[u8], &mut [u8]) -> Result<(), Failed>,
    ) -> Result<bool, Failed> {
        let mut key = Zeroizing::new(vec![0; self.key.len()]);
        derive(&self.salt, &mut key)?;
        Ok(key.ct_eq(&self.key).into())
    }
}

fn bcrypt_hash(text: &str) -> Result<StoredHash, String> {
    let parts: HashParts = text.parse().map_err(|_| malformed("bcrypt"))?;
    match parts.get_cost() {
        ..4 => Err(malformed("bcrypt")),
        4..=MAX_BCRYPT => Ok(StoredHash::Bcrypt(text.to_owned())),
        cost => Err(format!(
            "has a `hash` that costs too much: `{cost}`; the maximum of bcrypt is {MAX_BCRYPT}"
        )),
    }
}

/// Parses `$pbkdf2-sha256$i=600000$SALT$HASH`, or passlib's `$pbkdf2-sha256$600000$SALT$HASH`,
/// whose Base64 has `.` instead of `+`.
fn pbkdf2_hash(text: &str, hash: Hash) -> Result<StoredHash, String> {
    let mut text = Cow::Borrowed(text);
    let parts: Vec<&str> = text.split('$').collect();
    if let [_, name, iterations, salt, key] = parts[..]
        && iterations.bytes().all(|byte| byte.is_ascii_digit())
    {
        let [salt, key] = [salt, key].map(|part| part.replace('.', "+"));
        text = format!("${name}$i={iterations}${salt}${key}").into();
    }
    let parsed = phc(&text, "PBKDF2")?;
    let expected = Expected::of(&parsed)?;
    let iterations = number(&parsed.params, "i").ok_or_else(|| malformed("PBKDF2"))?;
    if number(&parsed.params, "l").is_some_and(|length| length as usize != expected.key.len()) {
        return Err(malformed("PBKDF2"));
    }
    let iterations = check_pbkdf2(hash, iterations.into(), expected.key.len())?;
    Ok(StoredHash::Pbkdf2 {
        hash,
        iterations,
        expected,
    })
}

fn phc(text: &str, format: &str) -> Result<PasswordHash, String> {
    let hash = PasswordHash::new(text).map_err(|_| malformed(format))?;
    match (&hash.salt, &hash.hash) {
        (Some(_), Some(_)) => Ok(hash),
        _ => Err(malformed(format)),
    }
}

fn number(params: &ParamsString, name: &str) -> Option<u32> {
    params.get(name)?.decimal().ok()
}

fn malformed(format: &str) -> String {
    format!("has a `hash` that is not a {format} hash; it may be truncated")
}
