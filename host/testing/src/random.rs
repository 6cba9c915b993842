//! Random values that can be had again.

use std::env;
use std::time::{SystemTime, UNIX_EPOCH};

/// The environment variable that sets the seed.
const SEED: &str = "SPIKARD_WASM_TEST_SEED";

/// A sequence of random values. Its seed is printed, which a test shows when it
/// fails, and the environment variable `SPIKARD_WASM_TEST_SEED` sets it.
#[derive(Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// A new sequence.
    #[must_use]
    pub fn new() -> Self {
        let given = env::var(SEED).ok().and_then(|seed| seed.parse().ok());
        let state = given.unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            now.map_or(0, |now| now.as_micros() as u64)
        });
        println!("random values: repeat them with {SEED}={state}");
        Self { state }
    }

    /// The sequence of a seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next value (SplitMix64).
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` up to, not including, `high`.
    pub fn within(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next_u64() % high.abs_diff(low).max(1)) as i64
    }

    /// `true` or `false`.
    pub fn coin(&mut self) -> bool {
        self.next_u64() & 1 == 0
    }

    /// One of the characters, so many times.
    pub fn of(&mut self, characters: &str, length: usize) -> String {
        let characters: Vec<char> = characters.chars().collect();
        let mut pick = || characters[self.next_u64() as usize % characters.len()];
        (0..length).map(|_| pick()).collect()
    }

    /// Up to 24 characters that a path segment may hold unescaped.
    pub fn name(&mut self) -> String {
        let length = self.within(1, 25) as usize;
        self.of("abcdefghijklmnopqrstuvwxyzABCDEFXYZ0123456789_-", length)
    }

    /// Up to 24 characters of every kind that text may hold.
    pub fn text(&mut self) -> String {
        let length = self.within(0, 25) as usize;
        self.of(
            "abc XYZ 0189 \"'\\/&=?#%+;,<>{}[]\t\u{7f}äßé€漢字😀\u{301}",
            length,
        )
    }

    /// A number with up to two decimals.
    pub fn number(&mut self) -> f64 {
        self.within(-1_000_000, 1_000_000) as f64 / 100.0
    }

    /// So many bytes.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next_u64() as u8).collect()
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::new()
    }
}
