//! Names and numbers that metrics and the log share.

use std::sync::Arc;

/// The name of an app in the log and in metrics, where there are several.
pub(crate) type AppName = Option<Arc<str>>;

/// The name that stands for a route, and for an app, where there is none.
pub(crate) const NO_ROUTE: &str = "-";

/// The name that stands for a route in an app for `wasi:http`.
pub(crate) const ANY_ROUTE: &str = "*";

/// The status that a request is counted by whose client went away before it was
/// answered, as nginx does.
pub(crate) const CLIENT_CLOSED: u16 = 499;

/// Where metrics are served.
pub(crate) const PATH: &str = "/metrics";
