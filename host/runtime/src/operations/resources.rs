//! What a task has acquired through operations. Dropping it releases everything.

use std::sync::Arc;

use spikard_wasm_services::sql::{Databases, Session};

use super::fetch::bodies::Bodies;
use super::fetch::uploads::Uploads;

/// Resources of a task.
#[derive(Default)]
pub(crate) struct Resources {
    /// Response bodies.
    pub(super) bodies: Bodies,
    /// Request bodies.
    pub(super) uploads: Uploads,
    /// Transactions.
    sql: Option<Session>,
}

impl Resources {
    /// Returns the task's session on the databases.
    pub(super) fn sql(&mut self, databases: &Arc<Databases>) -> &Session {
        self.sql.get_or_insert_with(|| Session::new(databases))
    }
}
