//! Passwords and tokens.

use std::collections::BTreeMap;

use super::outcome::{Fault, Outcome};
use crate::Content;

pub(super) fn perform(
    _secrets: &BTreeMap<String, String>,
    kind: &str,
    _head: &str,
    _body: &Content,
) -> Result<Outcome, Fault> {
    Err(Fault::new("unknown-kind", kind))
}
