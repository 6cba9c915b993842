//! `wasi:logging`: lines of an app in the log, by their levels.

use spikard_wasm_app::one_line;
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, LinkerInstance, Lower};

use crate::state::State;
use crate::stdio::MAX_LINE;

/// The longest context that is logged whole, in bytes.
const MAX_CONTEXT: usize = 256;

/// `logging.level`.
#[derive(Debug, Clone, Copy, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
// Lifting makes its values from their number, which the compiler does not see.
#[allow(dead_code)]
enum Level {
    #[component(name = "trace")]
    Trace,
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
    #[component(name = "critical")]
    Critical,
}

/// Adds its function.
pub(super) fn add(logging: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    type Line = (Level, String, String);
    logging.func_wrap(
        "log",
        |store: StoreContextMut<'_, State>, (level, context, message): Line| {
            if store.data().grants().logging {
                line(store.data().component(), level, &context, &message);
            }
            Ok(())
        },
    )
}

fn line(component: &str, level: Level, context: &str, message: &str) {
    let context = one_line(&context[..context.floor_char_boundary(MAX_CONTEXT)]);
    let message = one_line(message[..message.floor_char_boundary(MAX_LINE)].trim_end());
    // Each level is a place of its own to tracing, so it cannot be a value.
    macro_rules! at {
        ($level:ident $(, $critical:ident)?) => {
            tracing::$level!(target: "guest", component, %context, $($critical = true,)? "{message}")
        };
    }
    match level {
        // The log has no level below.
        Level::Trace | Level::Debug => at!(debug),
        Level::Info => at!(info),
        Level::Warn => at!(warn),
        Level::Error => at!(error),
        Level::Critical => at!(error, critical),
    }
}
