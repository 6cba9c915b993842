//! Operations and results that all kinds of stores share.

use std::time::Duration;

use spikard_wasm_app::one_line;

/// Maximum keys per page of a list.
pub(super) const PAGE: usize = 1000;

/// Limits of a store.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Maximum size of a value in bytes.
    pub(super) value: usize,
    /// Maximum total size of the keys and values in a file in bytes.
    pub(super) total: u64,
    /// Maximum duration of an operation.
    pub(super) time: Duration,
}

/// Position in a list of keys; the start is 0 or an empty text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cursor {
    /// Cursor of the first draft.
    Number(u64),
    /// Cursor of the second draft.
    Text(String),
}

/// Page of a list of keys, with the cursor of the next page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) keys: Vec<String>,
    pub(crate) next: Option<Cursor>,
}

/// Error of a store operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreError {
    /// The guest's request is invalid.
    Request(String),
    /// A value, the store or a result exceeds a limit.
    TooLarge(String),
    /// The store did not answer in time.
    Timeout(String),
    /// The store is damaged or unreachable.
    Store(String),
}

/// An atomic change.
#[derive(Debug)]
pub(super) enum Change {
    /// Sets keys, which then do not expire.
    Set(Vec<(String, Vec<u8>)>),
    /// Sets a key that expires after so many milliseconds.
    SetFor(String, Vec<u8>, u64),
    Delete(Vec<String>),
    /// Key, delta, and true if the sum must not be negative. The key keeps its expiry.
    Add(String, i64, bool),
    /// Key, expected value, new value. The key then does not expire.
    Swap(String, Option<Vec<u8>>, Vec<u8>),
}

/// Result of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChangeOutcome {
    Done,
    /// The sum of an addition.
    Number(i64),
    /// The current value is not the expected one.
    Differs,
}

/// Returns the error of an addition to a value that is not a number.
pub(super) fn no_number() -> StoreError {
    StoreError::Request("the value is not a number".to_owned())
}

/// Returns the error of an addition whose sum is too large.
pub(super) fn overflow() -> StoreError {
    StoreError::Request("the sum does not fit in 64 bits".to_owned())
}

/// Returns the error of an unsigned addition with a negative sum.
pub(super) fn below_zero() -> StoreError {
    StoreError::Request(
        "the number would be below zero, which this draft of `increment` does not allow".to_owned(),
    )
}

/// Returns the error of a stored value that exceeds the size limit.
pub(super) fn too_long(key: &str, most: usize) -> StoreError {
    StoreError::TooLarge(format!(
        "the value of `{}` is longer than {most} bytes, the limit `keyvalue_value`",
        one_line(key)
    ))
}

/// Returns the error of a batch whose values exceed the size limit.
pub(super) fn too_much(most: usize) -> StoreError {
    StoreError::TooLarge(format!(
        "the values of the batch have more than {most} bytes in total; request fewer keys"
    ))
}

/// Maps an error of the file.
pub(super) fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::Store(error.to_string())
}

/// Values that no store accepts as numbers.
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
