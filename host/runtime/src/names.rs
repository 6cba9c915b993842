//! Names of the worlds and interfaces in the package `spikard:handler`.

/// World of apps without hooks.
pub const WORLD: &str = "spikard:handler/http-app@0.1.0";
/// World of apps with hooks.
pub const WORLD_WITH_HOOKS: &str = "spikard:handler/http-app-with-hooks@0.1.0";
/// World of apps whose calls can wait for operations.
pub const WORLD_SERVICE: &str = "spikard:handler/http-service@0.1.0";
/// Exported interface that describes an app.
pub(crate) const DEFINITION: &str = "spikard:handler/definition@0.1.0";
/// Exported interface that handles requests.
pub(crate) const HANDLER: &str = "spikard:handler/handler@0.1.0";
/// Optional exported interface of hooks.
pub(crate) const HOOKS: &str = "spikard:handler/hooks@0.1.0";
/// Imported interface of operations.
pub(crate) const IO: &str = "spikard:handler/io@0.1.0";
/// Optional exported interface that continues tasks.
pub(crate) const RESUMABLE: &str = "spikard:handler/resumable@0.1.0";
/// Imported interface of the current request.
pub(crate) const REQUEST: &str = "spikard:handler/request@0.1.0";
/// Imported interface for reporting failures.
pub(crate) const FAILURE: &str = "spikard:handler/failure@0.1.0";
/// Imported interface of the current reply.
pub(crate) const REPLY: &str = "spikard:handler/reply@0.1.0";
/// Imported interface of a request's values.
pub(crate) const LOCAL: &str = "spikard:handler/local-context@0.1.0";
/// Imported interface of an app's values.
pub(crate) const GLOBAL: &str = "spikard:handler/global-context@0.1.0";
