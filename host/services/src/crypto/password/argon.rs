//! Argon2 (RFC 9106), with maximum costs.

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use password_hash::phc::PasswordHash;

use crate::crypto::digest::fill;
use crate::crypto::head::Head;
use crate::outcome::Failed;

/// Maximum memory, in KiB.
const MAX_MEMORY: u64 = 256 << 10;

/// Maximum work, in KiB of memory that it fills in all iterations: about 1 s.
const MAX_WORK: u64 = 1 << 20;

/// Maximum lanes.
const MAX_LANES: u64 = 64;

/// Size of a salt, in bytes (RFC 9106, section 3.1).
const SALT: usize = 16;

/// Costs of Argon2 within the maximum.
#[derive(Debug, Clone)]
pub(super) struct Cost(Params);

impl Cost {
    /// Reads the costs of a head. The defaults are those of OWASP's Password Storage Cheat Sheet.
    pub(super) fn read(head: &mut Head<'_>) -> Result<Self, Failed> {
        let mut number = |name, range, default: u32| {
            let number = head.optional_number(name, range)?;
            Ok::<_, Failed>(number.unwrap_or(u64::from(default)))
        };
        let memory = number("memory_kib", 8..=MAX_MEMORY, Params::DEFAULT_M_COST)?;
        let iterations = number("iterations", 1..=MAX_WORK, Params::DEFAULT_T_COST)?;
        let lanes = number("parallelism", 1..=MAX_LANES, Params::DEFAULT_P_COST)?;
        Self::new(memory, iterations, lanes).map_err(|why| head.invalid(&why))
    }

    /// Checks costs. The error is a clause about the operation.
    pub(super) fn new(memory: u64, iterations: u64, lanes: u64) -> Result<Self, String> {
        if memory > MAX_MEMORY {
            return Err(format!(
                "needs too much memory: `{memory}` KiB; the maximum is {MAX_MEMORY} KiB"
            ));
        }
        if memory
            .checked_mul(iterations)
            .is_none_or(|work| work > MAX_WORK)
        {
            return Err(format!(
                "costs too much: `{iterations}` iterations with {memory} KiB; the maximum of memory times iterations is {MAX_WORK} KiB"
            ));
        }
        if lanes > MAX_LANES {
            return Err(format!(
                "has too much parallelism: `{lanes}`; the maximum is {MAX_LANES}"
            ));
        }
        if memory < 8 * lanes {
            return Err(
                "needs more memory: at least 8 KiB for each degree of parallelism".to_owned(),
            );
        }
        // All three are small.
        let params = Params::new(memory as u32, iterations as u32, lanes as u32, None);
        params
            .map(Self)
            .map_err(|_| "has costs that Argon2 does not allow".to_owned())
    }

    /// The costs of a hash. `None` if it lacks one. An error if one exceeds its maximum.
    pub(super) fn of(hash: &PasswordHash) -> Result<Option<Self>, String> {
        let Ok(params) = Params::try_from(hash) else {
            return Ok(None);
        };
        let [memory, iterations, lanes] =
            [params.m_cost(), params.t_cost(), params.p_cost()].map(u64::from);
        Self::new(memory, iterations, lanes)?;
        // With the size of the hash.
        Ok(Some(Self(params)))
    }

    /// True if these costs are lower than others.
    pub(super) fn is_below(&self, other: &Self) -> bool {
        self.0.m_cost() < other.0.m_cost() || self.0.t_cost() < other.0.t_cost()
    }
}

/// Hashes a password with Argon2id and a random salt.
pub(super) fn hash(password: &[u8], cost: &Cost) -> Result<String, Failed> {
    let mut salt = [0; SALT];
    fill(&mut salt)?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost.0.clone());
    let hash = argon.hash_password_with_salt(password, &salt);
    hash.map(|hash| hash.to_string()).map_err(failed)
}

/// The error of a computation.
pub(super) fn failed(error: argon2::password_hash::Error) -> Failed {
    Failed::new("failed", format!("the password cannot be hashed: {error}"))
}
