//! Which limits somebody set, and who.

use super::limits::{COUNT, Key, TABLE};

/// Who says what a limit is, the last word last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Default,
    File,
    Environment,
    Flag,
}

impl Source {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Flag => "flag",
        }
    }
}

/// The limits that somebody set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said([Option<(u64, Source)>; COUNT]);

impl Said {
    pub(crate) fn set(&mut self, key: Key, value: u64, source: Source) {
        self.0[key as usize] = Some((value, source));
    }

    /// Says of a limit what `other` says of it, if anything.
    pub(crate) fn copy(&mut self, key: Key, other: &Self) {
        self.0[key as usize] = other.0[key as usize];
    }

    /// Whether none is set.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// What is said here, and what is not from `other`.
    pub(crate) fn or(mut self, other: &Self) -> Self {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine = mine.or(theirs);
        }
        self
    }

    /// A limit's value, and whose word it is.
    pub(crate) fn get(&self, key: Key) -> (u64, Source) {
        let default = || (TABLE[key as usize].default(), Source::Default);
        self.0[key as usize].unwrap_or_else(default)
    }
}
