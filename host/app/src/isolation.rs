//! Instance isolation between requests.

use serde::Deserialize;

/// The isolation between requests of a route. It decides whether a request can observe
/// guest memory that an earlier request wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    /// An instance serves requests one after another and keeps its memory between them.
    #[default]
    Reuse,
    /// Every request gets a fresh instance.
    Fresh,
    /// An instance handles several requests at once: while one waits for an operation, others
    /// run. They share its memory, and a trap ends all of them.
    Shared,
}

impl Isolation {
    /// Returns the name in declarations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reuse => "reuse",
            Self::Fresh => "fresh",
            Self::Shared => "shared",
        }
    }
}
