//! Hashes of passwords. The host computes them, natively and on threads of its own.
//!
//! ```
//! use spikard_wasm_sdk::{HttpError, password};
//!
//! # async fn example() -> Result<(), HttpError> {
//! let hash = password::hash("correct horse").await?;
//! assert!(password::verify("correct horse", &hash).await?);
//! # Ok(())
//! # }
//! ```

use serde::{Deserialize, Serialize};

use crate::task::perform;
use crate::{Content, OperationError};

/// The cost of Argon2id. The default is that of the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[must_use = "a cost does nothing until you hash with it"]
pub struct Cost {
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_kib: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iterations: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallelism: Option<u32>,
}

impl Cost {
    /// The host's default.
    pub const fn new() -> Self {
        Self {
            memory_kib: None,
            iterations: None,
            parallelism: None,
        }
    }

    /// Sets the memory, in KiB.
    pub const fn memory_kib(mut self, memory: u32) -> Self {
        self.memory_kib = Some(memory);
        self
    }

    /// Sets the number of iterations.
    pub const fn iterations(mut self, iterations: u32) -> Self {
        self.iterations = Some(iterations);
        self
    }

    /// Sets the number of lanes.
    pub const fn parallelism(mut self, parallelism: u32) -> Self {
        self.parallelism = Some(parallelism);
        self
    }
}

/// The result of [`check`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Check {
    /// True if the password is the right one.
    pub valid: bool,
    /// True if the hash has another algorithm or a lower cost than the host's default: hash the
    /// password again and store it.
    #[serde(default)]
    pub outdated: bool,
}

#[derive(Serialize)]
struct VerifyHead<'a> {
    hash: &'a str,
}

/// Hashes a password with Argon2id and a random salt. Returns a PHC string, which contains the
/// algorithm, the cost and the salt.
///
/// # Errors
/// If the host cannot hash it.
pub async fn hash(password: &str) -> Result<String, OperationError> {
    hash_with(password, Cost::new()).await
}

/// As [`hash`], with a cost.
///
/// # Errors
/// As [`hash`], and if the cost is out of range.
pub async fn hash_with(password: &str, cost: Cost) -> Result<String, OperationError> {
    let body = Content::Text(password.to_owned());
    perform("password.hash", &cost, body).await?.into_text()
}

/// Returns true if the password is the one of the hash: Argon2, bcrypt, PBKDF2 or scrypt.
///
/// # Errors
/// If the hash is not one.
pub async fn verify(password: &str, hash: &str) -> Result<bool, OperationError> {
    Ok(check(password, hash).await?.valid)
}

/// As [`verify`], and also tells whether the hash is outdated.
///
/// # Errors
/// As [`verify`].
pub async fn check(password: &str, hash: &str) -> Result<Check, OperationError> {
    let body = Content::Text(password.to_owned());
    let completed = perform("password.verify", &VerifyHead { hash }, body).await?;
    completed.head()
}
