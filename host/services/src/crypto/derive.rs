//! Keys from passwords: PBKDF2 (RFC 8018) and scrypt (RFC 7914), with maximum costs.

use hmac::EagerHash;
use pbkdf2::pbkdf2_hmac;
use scrypt::{Params, scrypt};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use super::digest::{Hash, bytes};
use super::head::{Head, Secrets};
use super::work::{Data, Work};
use crate::outcome::Failed;

/// Members of `crypto.derive`.
pub(super) const DERIVE: [&str; 8] = [
    "algorithm",
    "hash",
    "iterations",
    "length",
    "n",
    "p",
    "r",
    "salt",
];

/// Maximum size of a key, in bytes.
const MAX_LENGTH: u64 = 1024;

/// Maximum iterations of PBKDF2, in all blocks of the key together: about 5 s.
pub(super) const MAX_ITERATIONS: u64 = 10_000_000;

/// Maximum memory of scrypt, in bytes: 128 * n * r.
pub(super) const MAX_SCRYPT_MEMORY: u64 = 256 << 20;

/// Maximum work of scrypt, in bytes of memory that it fills: 128 * n * r * p. About 4 s.
pub(super) const MAX_SCRYPT_WORK: u64 = 1 << 30;

/// Maximum of 128 * r * p, in bytes, which scrypt needs beside its memory.
const MAX_SCRYPT_BLOCKS: u64 = 16 << 20;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Pbkdf2,
    Scrypt,
}

/// `crypto.derive`
pub(super) fn derive(mut head: Head<'_>, password: Data, _: Secrets<'_>) -> Result<Work, Failed> {
    let algorithms = [("pbkdf2", Algorithm::Pbkdf2), ("scrypt", Algorithm::Scrypt)];
    let algorithm = head.choice("algorithm", &algorithms, None)?;
    let salt = head.bytes("salt")?;
    let length = head.number("length", 1..=MAX_LENGTH)?;
    let mut key = vec![0; length as usize];
    match algorithm {
        Algorithm::Pbkdf2 => {
            head.exclude(&["n", "p", "r"], "`pbkdf2`")?;
            let hash = Hash::read(&mut head)?;
            let iterations = head.number("iterations", 1..=MAX_ITERATIONS)?;
            let iterations =
                check_pbkdf2(hash, iterations, key.len()).map_err(|why| head.invalid(&why))?;
            Ok(Work::slow(move || {
                pbkdf2(hash, &password, &salt, iterations, &mut key);
                Ok(bytes(key))
            }))
        }
        Algorithm::Scrypt => {
            head.exclude(&["hash", "iterations"], "`scrypt`")?;
            let n = head.number("n", 2..=MAX_SCRYPT_MEMORY)?;
            let r = head.number("r", 1..=MAX_SCRYPT_MEMORY)?;
            let p = head.number("p", 1..=MAX_SCRYPT_WORK)?;
            if !n.is_power_of_two() {
                return Err(head.invalid("needs a power of two as `n`"));
            }
            let cost =
                ScryptCost::new(n.trailing_zeros(), r, p).map_err(|why| head.invalid(&why))?;
            Ok(Work::slow(move || {
                cost.derive(&password, &salt, &mut key)?;
                Ok(bytes(key))
            }))
        }
    }
}

/// Checks the costs of PBKDF2. Returns the iterations, or a clause about the operation.
pub(super) fn check_pbkdf2(hash: Hash, iterations: u64, length: usize) -> Result<u32, String> {
    let blocks = length.div_ceil(hash.size()) as u64;
    let total = iterations.checked_mul(blocks);
    match (u32::try_from(iterations), total) {
        (Ok(iterations), Some(1..=MAX_ITERATIONS)) => Ok(iterations),
        _ => Err(format!(
            "needs too many iterations: `{iterations}` for each of {blocks} blocks of the key; the maximum is {MAX_ITERATIONS} in total"
        )),
    }
}

/// Derives a key whose costs were checked.
pub(super) fn pbkdf2(hash: Hash, password: &[u8], salt: &[u8], iterations: u32, key: &mut [u8]) {
    fn with<H: EagerHash>(password: &[u8], salt: &[u8], iterations: u32, key: &mut [u8]) {
        pbkdf2_hmac::<H>(password, salt, iterations, key);
    }
    let derive = match hash {
        Hash::Sha1 => with::<Sha1>,
        Hash::Sha256 => with::<Sha256>,
        Hash::Sha384 => with::<Sha384>,
        Hash::Sha512 => with::<Sha512>,
    };
    derive(password, salt, iterations, key);
}

/// Costs of scrypt within the maximum.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScryptCost(Params);

impl ScryptCost {
    /// Checks costs, with the binary logarithm of `n`. The error is a clause about the operation.
    pub(super) fn new(log_n: u32, r: u64, p: u64) -> Result<Self, String> {
        let memory = 1_u64
            .checked_shl(log_n)
            .filter(|n| *n <= MAX_SCRYPT_MEMORY)
            .and_then(|n| (128 * n).checked_mul(r))
            .filter(|memory| *memory <= MAX_SCRYPT_MEMORY);
        let Some(memory) = memory else {
            return Err(format!(
                "needs too much memory; `128 * n * r` is at most {MAX_SCRYPT_MEMORY} bytes"
            ));
        };
        let is_within = |one: u64, max| one.checked_mul(p).is_some_and(|all| all <= max);
        if !is_within(memory, MAX_SCRYPT_WORK) || !is_within(128 * r, MAX_SCRYPT_BLOCKS) {
            return Err(format!(
                "costs too much; `128 * n * r * p` is at most {MAX_SCRYPT_WORK} bytes, and `128 * r * p` at most {MAX_SCRYPT_BLOCKS} bytes"
            ));
        }
        let wrong = || "has costs that scrypt does not allow".to_owned();
        let (Ok(log_n), Ok(r), Ok(p)) = (u8::try_from(log_n), u32::try_from(r), u32::try_from(p))
        else {
            return Err(wrong());
        };
        match Params::new(log_n, r, p) {
            Ok(params) if log_n > 0 => Ok(Self(params)),
            _ => Err(wrong()),
        }
    }

    /// Derives a key.
    pub(super) fn derive(self, password: &[u8], salt: &[u8], key: &mut [u8]) -> Result<(), Failed> {
        let wrong = |_| Failed::new("invalid", "scrypt cannot make a key of this size");
        scrypt(password, salt, &self.0, key).map_err(wrong)
    }
}
