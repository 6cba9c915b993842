//! What WASI grants the instances of an app: its variables, its folders, the log; never
//! a network.

use std::sync::Arc;

use spikard_wasm_app::Grants;
use spikard_wasm_app::grants::Directory;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder};

use crate::error::LoadError;
use crate::stdio::GuestLog;

/// What WASI grants an instance.
pub(crate) struct Wasi {
    pub(crate) ctx: WasiCtx,
    /// Standard output and standard error, where they are logged.
    logs: Option<[GuestLog; 2]>,
}

impl Wasi {
    /// Ends the lines that a call began and did not end.
    pub(crate) fn end_lines(&self) {
        self.logs.iter().flatten().for_each(GuestLog::end_line);
    }
}

/// What is granted, and nothing else.
pub(crate) fn granted(component: &Arc<str>, grants: &Grants) -> Wasi {
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
        // It was there when the app was loaded; an app that is served goes on without.
        if let Err(error) = open(&mut wasi, directory) {
            tracing::error!(
                component = &**component,
                folder = %directory.host.display(),
                %error,
                "a folder of the app cannot be opened"
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

/// Checks that the folders are there.
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
