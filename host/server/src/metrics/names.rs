//! Names that the metrics and the log share.

use std::sync::Arc;

/// App name in the log and in metrics; `None` if the host serves a single app.
pub(crate) type AppName = Option<Arc<str>>;

/// Route label of requests without a route, and app label of requests that match no app.
pub(crate) const NO_ROUTE: &str = "-";

/// Route label of all requests to a `wasi:http` app.
pub(crate) const ANY_ROUTE: &str = "*";

/// Status of requests whose client closed the connection before the response; nginx uses the
/// same.
pub(crate) const CLIENT_CLOSED: u16 = 499;

/// Path of the metrics.
pub(crate) const PATH: &str = "/metrics";
