//! Shared parts of the benches: the engine, guests called through wasmtime directly, interleaved
//! rounds and statistics.

// Each bench is a separate program that uses a part of this module.
#![allow(dead_code, reason = "each bench uses a part")]

pub(crate) mod cases;
pub(crate) mod code;
pub(crate) mod direct;
pub(crate) mod engine;
pub(crate) mod guest;
pub(crate) mod options;
pub(crate) mod process;
pub(crate) mod rounds;
pub(crate) mod stats;
pub(crate) mod types;

/// The lanes, in the order of the tables.
pub(crate) const LANES: [&str; 4] = ["rust", "quickjs", "starlingmonkey", "python"];
