//! Types that the builders of several policies share.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

/// A text of a policy, mostly a literal.
pub(crate) type Text = Cow<'static, str>;

/// A policy that is off, on with its defaults, or on with options. `bool` and the policy convert
/// to it.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Toggle<T> {
    /// On with the defaults, or off.
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
    /// Converts `None` to off, which turns the app's policy off for a route.
    pub(crate) fn or_off(policy: Option<T>) -> Self {
        policy.map_or(Self::Switch(false), Self::With)
    }
}

/// Some names, or all names, written as `*`.
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
