//! The arguments of `fetch`.

use std::sync::{Arc, Weak};

use serde::Deserialize;

use super::bodies::Table;
use crate::outbound::Outbound;

/// The arguments of `fetch`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fetch {
    pub(super) method: Option<String>,
    pub(super) url: String,
    #[serde(default)]
    pub(super) headers: Vec<(String, String)>,
    #[serde(default)]
    pub(super) redirect: Redirect,
    /// The number of the upload that continues the body.
    pub(super) upload: Option<u32>,
    pub(super) timeout_ms: Option<f64>,
    #[serde(default = "yes")]
    pub(super) decompress: bool,
}

/// How to answer a redirect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Redirect {
    #[default]
    Follow,
    Manual,
    Error,
}

fn yes() -> bool {
    true
}

/// A request with everything that its responses need.
pub(super) struct Exchange {
    pub(super) outbound: Arc<dyn Outbound>,
    pub(super) depth: u32,
    pub(super) redirect: Redirect,
    pub(super) decompress: bool,
    /// Maximum size of the decoded body in bytes.
    pub(super) max_body: u64,
    pub(super) bodies: Weak<Table>,
}
