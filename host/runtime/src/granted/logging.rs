//! `wasi:logging`: log events of an app, with levels.

use spikard_wasm_app::one_line;
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, LinkerInstance, Lower};

use crate::state::State;
use crate::stdio::MAX_LINE;

/// Maximum length of a logged context in bytes; the rest is cut off.
const MAX_CONTEXT: usize = 256;

/// `logging.level`.
#[derive(Debug, Clone, Copy, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
// Lifting creates the values from their discriminants, which the dead-code lint does not see.
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

/// Adds the function of the interface.
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
    // `tracing` requires a constant level for each event.
    macro_rules! at {
        ($level:ident $(, $critical:ident)?) => {
            tracing::$level!(target: "guest", component, %context, $($critical = true,)? "{message}")
        };
    }
    match level {
        // `debug` is the lowest level of the log.
        Level::Trace | Level::Debug => at!(debug),
        Level::Info => at!(info),
        Level::Warn => at!(warn),
        Level::Error => at!(error),
        Level::Critical => at!(error, critical),
    }
}
