//! What a task has acquired through operations. Dropping it releases everything.

/// Resources of a task.
#[derive(Default)]
pub(crate) struct Resources {}
