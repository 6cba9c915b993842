//! How far apart the requests of a route are kept.

use serde::Deserialize;

/// Whether requests share instances. The reply is the same either way; what a guest
/// left in its memory is not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    /// An instance serves one request after another, and keeps what they left in its
    /// memory.
    #[default]
    Reuse,
    /// Every request has an instance of its own, which no other has met.
    Fresh,
}

impl Isolation {
    /// Its name in declarations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reuse => "reuse",
            Self::Fresh => "fresh",
        }
    }
}
