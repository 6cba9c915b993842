//! Reproducible random values.

use std::env;
use std::time::{SystemTime, UNIX_EPOCH};

/// Environment variable with the seed.
const SEED: &str = "SPIKARD_WASM_TEST_SEED";

/// A pseudo-random number generator. [`Random::new`] prints its seed, so a failed test
/// shows it; set `SPIKARD_WASM_TEST_SEED` to the seed to repeat the test.
#[derive(Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// Returns a generator seeded from `SPIKARD_WASM_TEST_SEED`, or else from the clock.
    #[must_use]
    pub fn new() -> Self {
        let given = env::var(SEED).ok().and_then(|seed| seed.parse().ok());
        let state = given.unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            now.map_or(0, |now| now.as_micros() as u64)
        });
        println!("random values: set {SEED}={state} to repeat them");
        Self { state }
    }

    /// Returns a generator with this seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Returns the next value (`SplitMix64`).
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns an integer in the range `low..high`.
    pub fn within(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next_u64() % high.abs_diff(low).max(1)) as i64
    }

    /// Returns a random boolean.
    pub fn coin(&mut self) -> bool {
        self.next_u64() & 1 == 0
    }

    /// Returns a string of `length` characters, each drawn from `characters`.
    pub fn of(&mut self, characters: &str, length: usize) -> String {
        let characters: Vec<char> = characters.chars().collect();
        let mut pick = || characters[self.next_u64() as usize % characters.len()];
        (0..length).map(|_| pick()).collect()
    }

    /// Returns 1 to 24 characters that need no escaping in a path segment.
    pub fn name(&mut self) -> String {
        let length = self.within(1, 25) as usize;
        self.of("abcdefghijklmnopqrstuvwxyzABCDEFXYZ0123456789_-", length)
    }

    /// Returns up to 24 characters, including quotes, delimiters, control characters and
    /// characters outside ASCII.
    pub fn text(&mut self) -> String {
        let length = self.within(0, 25) as usize;
        self.of(
            "abc XYZ 0189 \"'\\/&=?#%+;,<>{}[]\t\u{7f}äßé€漢字😀\u{301}",
            length,
        )
    }

    /// Returns a number with up to two decimals.
    pub fn number(&mut self) -> f64 {
        self.within(-1_000_000, 1_000_000) as f64 / 100.0
    }

    /// Returns `length` random bytes.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next_u64() as u8).collect()
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::new()
    }
}
