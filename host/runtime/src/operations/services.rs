//! What operations can use.

use std::collections::BTreeMap;
use std::sync::Arc;

use spikard_wasm_services::sql::Databases;

use crate::current::Current;
use crate::granted::keyvalue::stores::Stores;
use crate::outbound::Capabilities;

/// What operations can use.
pub(crate) struct Services<'a> {
    pub(crate) capabilities: &'a Capabilities,
    pub(crate) stores: &'a Stores,
    pub(crate) databases: &'a Arc<Databases>,
    /// The declared settings that are not granted, with their defaults.
    pub(crate) defaults: Option<&'a BTreeMap<String, Option<String>>>,
    /// The component's name in the log.
    pub(crate) component: &'a str,
    /// The request of the task.
    pub(crate) current: &'a Current,
}
