//! Digests, message authentication codes, comparison and random bytes.

use hmac::{EagerHash, Hmac, KeyInit, Mac};
use serde_json::json;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;

use super::head::{Head, Secrets};
use super::work::{Data, Work};
use crate::outcome::{Failed, Outcome, Payload};

/// Maximum number of random bytes, as of the Web's `crypto.getRandomValues`.
const MAX_RANDOM: u64 = 65_536;

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// Reads the member `hash`.
    pub(super) fn read(head: &mut Head<'_>) -> Result<Self, Failed> {
        let choices = [
            ("sha-1", Self::Sha1),
            ("sha-256", Self::Sha256),
            ("sha-384", Self::Sha384),
            ("sha-512", Self::Sha512),
        ];
        head.choice("hash", &choices, None)
    }

    /// Size of a digest, in bytes.
    pub(super) fn size(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// `crypto.digest`
pub(super) fn digest(mut head: Head<'_>, data: Data, _: Secrets<'_>) -> Result<Work, Failed> {
    let hash = Hash::read(&mut head)?;
    Work::over(data.len(), move || {
        Ok(bytes(match hash {
            Hash::Sha1 => Sha1::digest(&*data).to_vec(),
            Hash::Sha256 => Sha256::digest(&*data).to_vec(),
            Hash::Sha384 => Sha384::digest(&*data).to_vec(),
            Hash::Sha512 => Sha512::digest(&*data).to_vec(),
        }))
    })
}

/// `crypto.hmac`
pub(super) fn hmac(mut head: Head<'_>, data: Data, secrets: Secrets<'_>) -> Result<Work, Failed> {
    let hash = Hash::read(&mut head)?;
    let key = head.key(secrets, |head| head.optional_bytes("key"))?;
    Work::over(data.len(), move || {
        let code = match hash {
            Hash::Sha1 => code::<Sha1>(&key, &data),
            Hash::Sha256 => code::<Sha256>(&key, &data),
            Hash::Sha384 => code::<Sha384>(&key, &data),
            Hash::Sha512 => code::<Sha512>(&key, &data),
        };
        code.map(bytes)
    })
}

fn code<H: EagerHash>(key: &[u8], data: &[u8]) -> Result<Vec<u8>, Failed> {
    // HMAC accepts keys of any size.
    let wrong = |_| Failed::new("invalid", "`crypto.hmac` cannot use this key");
    let mut code = Hmac::<H>::new_from_slice(key).map_err(wrong)?;
    code.update(data);
    Ok(code.finalize().into_bytes().to_vec())
}

/// `crypto.equal`
pub(super) fn equal(mut head: Head<'_>, data: Data, _: Secrets<'_>) -> Result<Work, Failed> {
    let other = head.bytes("other")?;
    Work::over(data.len(), move || {
        // Only the sizes decide how long it takes.
        let equal: bool = data.ct_eq(&other).into();
        Ok(Outcome::new(
            json!({ "equal": equal }).to_string(),
            Payload::Empty,
        ))
    })
}

/// `crypto.random`
pub(super) fn random(mut head: Head<'_>, _: Data, _: Secrets<'_>) -> Result<Work, Failed> {
    let length = head.number("length", 0..=MAX_RANDOM)?;
    let mut random = vec![0; length as usize];
    fill(&mut random)?;
    Ok(Work::Done(bytes(random)))
}

/// Fills a buffer with random bytes of the operating system.
pub(super) fn fill(buffer: &mut [u8]) -> Result<(), Failed> {
    getrandom::fill(buffer).map_err(|error| {
        Failed::new(
            "failed",
            format!("the operating system has no random bytes: {error}"),
        )
    })
}

/// The result of an operation that makes bytes.
pub(super) fn bytes(bytes: Vec<u8>) -> Outcome {
    Outcome::new(String::new(), Payload::Bytes(bytes))
}
