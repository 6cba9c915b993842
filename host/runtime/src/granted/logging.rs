//! `wasi:logging`: log events of an app, with levels.

use serde::Deserialize;
use spikard_wasm_app::one_line;
use tracing::field::display;
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, LinkerInstance, Lower};

use crate::state::State;
use crate::stdio::MAX_LINE;

/// Maximum length of a logged context in bytes; the rest is cut off.
const MAX_CONTEXT: usize = 256;

/// `logging.level`.
#[derive(Debug, Clone, Copy, Default, Deserialize, ComponentType, Lift, Lower)]
#[component(enum)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
// Lifting creates the values from their discriminants, which the dead-code lint does not see.
#[allow(dead_code)]
pub(crate) enum Level {
    #[component(name = "trace")]
    Trace,
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    #[default]
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
                line(store.data().component(), None, level, &context, &message);
            }
            Ok(())
        },
    )
}

/// Writes a line. An empty context is omitted.
pub(crate) fn line(
    component: &str,
    request: Option<&str>,
    level: Level,
    context: &str,
    message: &str,
) {
    let context = one_line(&context[..context.floor_char_boundary(MAX_CONTEXT)]);
    let context = Some(context).filter(|context| !context.is_empty());
    let context = context.as_deref().map(display);
    let message = one_line(message[..message.floor_char_boundary(MAX_LINE)].trim_end());
    // `tracing` requires a constant level for each event.
    macro_rules! at {
        ($level:ident $(, $critical:ident)?) => {
            tracing::$level!(target: "guest", component, request, context, $($critical = true,)? "{message}")
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
