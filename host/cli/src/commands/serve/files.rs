//! The limit of open files of the process.

/// Raises the limit of open files to the maximum that the system allows. Each connection is an open
/// file, and the usual limit is 1,024.
#[cfg(unix)]
pub(super) fn raise_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let mut limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}

#[cfg(not(unix))]
pub(super) fn raise_limit() {}
