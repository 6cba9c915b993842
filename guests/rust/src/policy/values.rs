//! Types that the builders of several policies share.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

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
