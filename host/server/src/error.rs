//! Why a server cannot start.

use std::io;

use spikard_wasm_runtime::CallError;

/// Why a server cannot start. Each is one sentence with the way out.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The host name stands for no address.
    #[error("`{0}` is not an address to listen on: {1}; try `127.0.0.1`, `0.0.0.0` or `::1`")]
    Host(String, io::Error),
    /// Another program has the port.
    #[error(
        "port {0} is already in use: choose another with `--port`, or `--port 0` for any that is free"
    )]
    PortInUse(u16),
    /// The port is for privileged programs.
    #[error(
        "port {0} needs privileges this process does not have: choose one above 1023 with `--port`"
    )]
    PortDenied(u16),
    /// The socket cannot be made.
    #[error("cannot listen on {0}: {1}")]
    Listen(String, io::Error),
    /// The app serves files, and no folder of them is granted.
    #[error(
        "the app serves files (`static`), but it is granted no folder: start with `--static-root FOLDER`"
    )]
    NoStaticRoot,
    /// The granted folder cannot be opened.
    #[error("the folder `{0}` of `--static-root` cannot be opened: {1}")]
    StaticRoot(String, io::Error),
    /// A folder that the app serves cannot be opened.
    #[error(
        "the app serves the folder `{0}` (`static`), which cannot be opened below the folder of `--static-root`: {1}"
    )]
    StaticFolder(String, io::Error),
    /// Two apps have one place.
    #[error(
        "the apps `{0}` and `{1}` are both at `{2}`: give one of them another `path` or `host`"
    )]
    Mounts(String, String, String),
    /// A worker cannot be started.
    #[error("a worker cannot start: {0}")]
    Worker(io::Error),
    /// A worker cannot make its first instance.
    #[error("a worker cannot start: {0}")]
    Instance(CallError),
}
