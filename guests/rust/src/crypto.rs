//! Digests, codes, keys and random bytes. The host computes them natively.
//!
//! ```
//! use spikard_wasm_sdk::{HttpError, crypto};
//! use spikard_wasm_sdk::crypto::{Hash, MacKey};
//!
//! # async fn example(body: &[u8], signature: &[u8]) -> Result<(), HttpError> {
//! let code = crypto::hmac(Hash::Sha256, &MacKey::secret("webhook"), body).await?;
//! if !crypto::equal(&code, signature).await? {
//!     return Err(HttpError::unauthorized("the signature is wrong"));
//! }
//! # Ok(())
//! # }
//! ```

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize, Serializer};

use crate::task::perform;
use crate::{Content, OperationError};

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Hash {
    /// SHA-1, for protocols that require it.
    #[serde(rename = "sha-1")]
    Sha1,
    /// SHA-256.
    #[serde(rename = "sha-256")]
    Sha256,
    /// SHA-384.
    #[serde(rename = "sha-384")]
    Sha384,
    /// SHA-512.
    #[serde(rename = "sha-512")]
    Sha512,
}

/// The key of [`hmac`].
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MacKey {
    /// A secret that the operator has granted by name. Its value does not enter the app.
    Secret(Cow<'static, str>),
    /// A key that the app knows.
    #[serde(serialize_with = "base64")]
    Key(Vec<u8>),
}

impl MacKey {
    /// Returns the secret that the operator has granted by this name.
    #[must_use]
    pub fn secret(name: impl Into<Cow<'static, str>>) -> Self {
        Self::Secret(name.into())
    }

    /// Returns a key that the app knows.
    #[must_use]
    pub fn key(key: impl Into<Vec<u8>>) -> Self {
        Self::Key(key.into())
    }
}

/// How [`derive()`] derives a key from a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "algorithm", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Derivation {
    /// PBKDF2 with HMAC.
    Pbkdf2 {
        /// The hash function.
        hash: Hash,
        /// The number of iterations.
        iterations: u32,
    },
    /// scrypt.
    Scrypt {
        /// The cost, a power of two.
        n: u32,
        /// The block size.
        r: u32,
        /// The parallelism.
        p: u32,
    },
}

fn base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

#[derive(Serialize)]
struct DigestHead {
    hash: Hash,
}

#[derive(Serialize)]
struct MacHead<'a> {
    hash: Hash,
    #[serde(flatten)]
    key: &'a MacKey,
}

#[derive(Serialize)]
struct EqualHead {
    other: String,
}

#[derive(Deserialize)]
struct Equal {
    equal: bool,
}

#[derive(Serialize)]
struct RandomHead {
    length: usize,
}

#[derive(Serialize)]
struct DeriveHead {
    #[serde(flatten)]
    derivation: Derivation,
    salt: String,
    length: usize,
}

/// Returns the digest of data.
///
/// # Errors
/// If the host cannot compute it.
pub async fn digest(hash: Hash, data: &[u8]) -> Result<Vec<u8>, OperationError> {
    let body = Content::Bytes(data.to_vec());
    let completed = perform("crypto.digest", &DigestHead { hash }, body).await?;
    Ok(completed.into_bytes())
}

/// Returns the HMAC of data.
///
/// # Errors
/// If the secret is not granted.
pub async fn hmac(hash: Hash, key: &MacKey, data: &[u8]) -> Result<Vec<u8>, OperationError> {
    let body = Content::Bytes(data.to_vec());
    let completed = perform("crypto.hmac", &MacHead { hash, key }, body).await?;
    Ok(completed.into_bytes())
}

/// Compares in a time that does not depend on where the values differ.
///
/// # Errors
/// If the host cannot compare them.
pub async fn equal(one: &[u8], other: &[u8]) -> Result<bool, OperationError> {
    let head = EqualHead {
        other: STANDARD.encode(other),
    };
    let completed = perform("crypto.equal", &head, Content::Bytes(one.to_vec())).await?;
    completed.head().map(|Equal { equal }| equal)
}

/// Returns up to 65,536 random bytes, for keys and tokens.
///
/// # Errors
/// If `length` is too large.
pub async fn random(length: usize) -> Result<Vec<u8>, OperationError> {
    let completed = perform("crypto.random", &RandomHead { length }, Content::Empty).await?;
    Ok(completed.into_bytes())
}

/// Derives a key of `length` bytes from a password. Use [`password`](crate::password) to store
/// passwords.
///
/// # Errors
/// If the parameters are out of range.
pub async fn derive(
    derivation: Derivation,
    password: &[u8],
    salt: &[u8],
    length: usize,
) -> Result<Vec<u8>, OperationError> {
    let head = DeriveHead {
        derivation,
        salt: STANDARD.encode(salt),
        length,
    };
    let completed = perform("crypto.derive", &head, Content::Bytes(password.to_vec())).await?;
    Ok(completed.into_bytes())
}
