//! Limit values with the source of each.

use super::limits::{COUNT, Key, TABLE};

/// Source of a limit's value, in order of increasing precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LimitSource {
    Default,
    File,
    Environment,
    Flag,
}

impl LimitSource {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Flag => "flag",
        }
    }
}

/// The limits that were set explicitly; every other limit has its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LimitValues([Option<(u64, LimitSource)>; COUNT]);

impl Default for LimitValues {
    fn default() -> Self {
        Self([const { None }; COUNT])
    }
}

impl LimitValues {
    pub(crate) fn set(&mut self, key: Key, value: u64, source: LimitSource) {
        self.0[key as usize] = Some((value, source));
    }

    /// Copies one limit from `other`; if it is unset there, unsets it here.
    pub(crate) fn copy(&mut self, key: Key, other: &Self) {
        self.0[key as usize] = other.0[key as usize];
    }

    /// True if no limit is set.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// Fills unset limits from `other`.
    pub(crate) fn or(mut self, other: &Self) -> Self {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine = mine.or(theirs);
        }
        self
    }

    /// A limit's value and its source.
    pub(crate) fn get(&self, key: Key) -> (u64, LimitSource) {
        let default = || (TABLE[key as usize].default(), LimitSource::Default);
        self.0[key as usize].unwrap_or_else(default)
    }
}
