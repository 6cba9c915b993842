//! What a store is asked for and what it answers, wherever it is.

use std::time::Duration;

use spikard_wasm_app::one_line;

/// How many keys are given at once.
pub(super) const PAGE: usize = 1000;

/// What stores may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// The longest value.
    pub(super) value: usize,
    /// What the keys and values of a file may be together.
    pub(super) total: u64,
    /// The longest that an answer may take.
    pub(super) time: Duration,
}

/// Where a list of keys goes on; at its begin 0 or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cursor {
    /// As the first draft has it.
    Number(u64),
    /// As the second draft has it.
    Text(String),
}

/// Some keys, and where their list goes on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) keys: Vec<String>,
    pub(super) next: Option<Cursor>,
}

/// Why a store does not do what it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failed {
    /// The guest asks for too much, or for what makes no sense.
    Asked(String),
    /// The store is broken, or out of reach.
    Store(String),
}

/// A change, which is done as a whole or not at all.
#[derive(Debug)]
pub(super) enum Change {
    Set(Vec<(String, Vec<u8>)>),
    Delete(Vec<String>),
    /// The key, what is added, and whether the sum must not be below zero.
    Add(String, i64, bool),
    /// The key, what it must hold, what it is to hold.
    Swap(String, Option<Vec<u8>>, Vec<u8>),
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Changed {
    Done,
    /// What a number is now.
    Number(i64),
    /// Another value than expected is there.
    Differs,
}

/// The error of a sum that a guest cannot be given.
pub(super) fn below_zero() -> Failed {
    Failed::Asked(
        "the number would be below zero, which this draft of `increment` does not allow".to_owned(),
    )
}

/// Says that a value which is there is longer than one may be.
pub(super) fn too_long(key: &str, most: usize) -> Failed {
    Failed::Asked(format!(
        "the value of `{}` is longer than {most} bytes, the limit `keyvalue_value`",
        one_line(key)
    ))
}

/// Says that the values of a batch are more than one may give.
pub(super) fn too_much(most: usize) -> Failed {
    Failed::Asked(format!(
        "the values of the batch are longer than {most} bytes together: ask for fewer keys"
    ))
}

/// Values that are no numbers in any store.
#[cfg(test)]
pub(super) const NO_NUMBERS: [&str; 11] = [
    "",
    "007",
    "00",
    "+1",
    " 1",
    "1 ",
    "-0",
    "-",
    "1.5",
    "0x1",
    "9223372036854775808",
];
