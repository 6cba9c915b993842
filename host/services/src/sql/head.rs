//! Heads of the operations.

use std::borrow::Cow;

use serde::Deserialize;

use crate::Failed;

use super::failure::invalid;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Query<'a> {
    #[serde(borrow)]
    pub(super) database: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) sql: Cow<'a, str>,
    pub(super) transaction: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Begin<'a> {
    #[serde(borrow)]
    pub(super) database: Cow<'a, str>,
    #[serde(default)]
    pub(super) read_only: bool,
    pub(super) isolation: Option<Isolation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    pub(super) transaction: u32,
}

/// Isolation levels of PostgreSQL. A transaction of SQLite is always serializable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Isolation {
    #[serde(alias = "read committed")]
    ReadCommitted,
    #[serde(alias = "repeatable read")]
    RepeatableRead,
    Serializable,
}

pub(super) fn parse<'a, T: Deserialize<'a>>(kind: &str, head: &'a str) -> Result<T, Failed> {
    serde_json::from_str(head)
        .map_err(|error| invalid(format!("the head of `{kind}` is not valid: {error}")))
}
