//! Log setup. The log goes to standard error, so that standard output holds only a command's
//! result.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::args::{LogFormat, LogLevel};

/// Installs the global log subscriber.
pub(crate) fn start(format: LogFormat, level: LogLevel) {
    let level = match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
    };
    // Dependencies log internals at `info` and below, so they stay at `warn`.
    let filter = format!(
        "warn,spikard_wasm={level},spikard_wasm_server={level},spikard_wasm_runtime={level},access={level},guest={level}"
    );
    let filter = if level == "error" {
        EnvFilter::new("error")
    } else {
        EnvFilter::new(filter)
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
}
