//! The names of the worlds and interfaces of the package `spikard:handler`.

/// The world of an app.
pub const WORLD: &str = "spikard:handler/http-app@0.1.0";
/// The same with hooks.
pub const WORLD_WITH_HOOKS: &str = "spikard:handler/http-app-with-hooks@0.1.0";
/// The exported interface that describes an app.
pub(crate) const DEFINITION: &str = "spikard:handler/definition@0.1.0";
/// The exported interface that answers requests.
pub(crate) const HANDLER: &str = "spikard:handler/handler@0.1.0";
/// The exported interface of hooks, which an app may have.
pub(crate) const HOOKS: &str = "spikard:handler/hooks@0.1.0";
/// The imported interface of the request in progress.
pub(crate) const REQUEST: &str = "spikard:handler/request@0.1.0";
/// The imported interface for reporting failures.
pub(crate) const FAILURE: &str = "spikard:handler/failure@0.1.0";
/// The imported interface of the reply in progress.
pub(crate) const REPLY: &str = "spikard:handler/reply@0.1.0";
/// The imported interface of a request's own values.
pub(crate) const LOCAL: &str = "spikard:handler/local-context@0.1.0";
/// The imported interface of an app's values.
pub(crate) const GLOBAL: &str = "spikard:handler/global-context@0.1.0";
