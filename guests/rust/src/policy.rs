//! Policies that the host enforces itself, declared by an app or a route.
//!
//! Each is a builder that becomes a member of the `settings` of the WIT. A route's
//! policy replaces the app's of its kind.

mod auth;
mod documents;
mod files;
mod headers;
mod instances;
mod traffic;

use std::borrow::Cow;

use serde::{Serialize, Serializer};

pub use auth::{ApiKey, Jwt, JwtAlgorithm, Secret};
pub use documents::OpenApi;
pub use files::{StaticFiles, TrailingSlash};
pub use headers::{RequestId, SecurityHeaders};
pub use instances::Instances;
pub use traffic::{Compression, CompressionAlgorithm, Cors, RateLimit};

/// A text of a policy, mostly a literal.
pub(crate) type Text = Cow<'static, str>;

/// A policy that can be on as it is, off, or on with options: what `bool` and the
/// policy turn into.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Toggle<T> {
    /// On as it is, or off.
    Switch(bool),
    /// On with options.
    With(T),
}

impl<T> From<bool> for Toggle<T> {
    fn from(on: bool) -> Self {
        Self::Switch(on)
    }
}

impl<T> Toggle<T> {
    /// `None` is off: how a route goes without its app's policy.
    pub(crate) fn or_off(policy: Option<T>) -> Self {
        policy.map_or(Self::Switch(false), Self::With)
    }
}

/// Some names, or all there are, which is `*`.
#[derive(Clone, Debug)]
pub(crate) enum Names {
    Some(Vec<Text>),
    All,
}

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Some(names) => names.serialize(serializer),
            Self::All => serializer.serialize_str("*"),
        }
    }
}

pub(crate) fn texts(texts: impl IntoIterator<Item = impl Into<Text>>) -> Vec<Text> {
    texts.into_iter().map(Into::into).collect()
}

#[cfg(test)]
mod tests;
