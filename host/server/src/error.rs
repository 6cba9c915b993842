//! Start-up errors of the server.

use std::io;

use spikard_wasm_runtime::CallError;

/// Start-up errors. Each message is one sentence with a remedy.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The host name does not resolve.
    #[error("failed to resolve the listen address `{0}`: {1}; use `127.0.0.1`, `0.0.0.0` or `::1`")]
    Host(String, io::Error),
    /// Another process uses the port.
    #[error("port {0} is already in use; stop the other process or pass `--port 0`")]
    PortInUse(u16),
    /// The port requires privileges.
    #[error("port {0} requires privileges that this process lacks; pass a `--port` above 1023")]
    PortDenied(u16),
    /// The socket cannot be opened.
    #[error("failed to listen on `{0}`: {1}")]
    Listen(String, io::Error),
    /// The app serves static files, but no root directory is set.
    #[error("the app serves static files but has no root directory; pass `--static-root FOLDER`")]
    NoStaticRoot,
    /// The root directory of static files cannot be opened.
    #[error("the folder `{0}` of `--static-root` cannot be opened: {1}; check the path")]
    StaticRoot(String, io::Error),
    /// A folder of static files cannot be opened.
    #[error("the app's static folder `{0}` cannot be opened below `--static-root`: {1}; create it")]
    StaticFolder(String, io::Error),
    /// Two apps have the same mount.
    #[error(
        "apps `{0}` and `{1}` are both mounted at `{2}`; change `path` or `host` of one of them"
    )]
    Mounts(String, String, String),
    /// A worker thread or its runtime cannot be started.
    #[error("failed to start a worker: {0}")]
    Worker(io::Error),
    /// A worker cannot create its first instance.
    #[error("failed to create an instance of the app: {0}")]
    Instance(CallError),
    /// The app's start failed.
    #[error("the start of the app `{0}` failed: {1}")]
    Start(String, CallError),
}
