//! WASI context of an instance: environment variables, folders and output, as granted. It never
//! grants network access.

use std::sync::Arc;

use spikard_wasm_app::Grants;
use spikard_wasm_app::grants::Directory;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder};

use crate::error::LoadError;
use crate::stdio::GuestLog;

/// WASI context of an instance.
pub(crate) struct Wasi {
    pub(crate) ctx: WasiCtx,
    /// Standard output and standard error, if they are logged.
    logs: Option<[GuestLog; 2]>,
}

impl Wasi {
    /// Logs incomplete lines.
    pub(crate) fn end_lines(&self) {
        self.logs.iter().flatten().for_each(GuestLog::end_line);
    }
}

/// Creates the context with the grants and nothing else.
pub(crate) fn context(component: &Arc<str>, grants: &Grants) -> Wasi {
    let mut wasi = WasiCtx::builder();
    wasi.allow_tcp(false).allow_udp(false);
    let logs = grants
        .stdio
        .then(|| [false, true].map(|is_error| GuestLog::new(component, is_error)));
    if let Some([output, error]) = &logs {
        wasi.stdout(output.clone()).stderr(error.clone());
    }
    for (name, value) in &grants.environment {
        wasi.env(name, value);
    }
    for directory in &grants.directories {
        // The folder existed when the app was loaded. The app continues without it.
        if let Err(error) = open(&mut wasi, directory) {
            tracing::error!(
                component = &**component,
                folder = %directory.host.display(),
                %error,
                "failed to open a granted folder"
            );
        }
    }
    Wasi {
        ctx: wasi.build(),
        logs,
    }
}

fn open(wasi: &mut WasiCtxBuilder, directory: &Directory) -> wasmtime::Result<()> {
    let rights = match directory.write {
        true => FsPerms::ReadWrite,
        false => FsPerms::ReadOnly,
    };
    wasi.preopened_dir(&directory.host, &directory.guest, rights)?;
    Ok(())
}

/// Checks that the granted folders can be opened.
pub(crate) fn check_directories(name: &str, grants: &Grants) -> Result<(), LoadError> {
    for directory in &grants.directories {
        open(&mut WasiCtx::builder(), directory).map_err(|error| LoadError::Directory {
            name: name.to_owned(),
            host: directory.host.clone(),
            guest: directory.guest.clone(),
            why: error.root_cause().to_string(),
        })?;
    }
    Ok(())
}
