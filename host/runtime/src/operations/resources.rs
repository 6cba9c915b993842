//! What a task has acquired through operations. Dropping it releases everything.

use super::fetch::bodies::Bodies;

/// Resources of a task.
#[derive(Default)]
pub(crate) struct Resources {
    /// Response bodies.
    pub(super) bodies: Bodies,
}
