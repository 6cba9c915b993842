//! The global functions and objects that are written in Rust. `prelude/` has those in JavaScript.

use crate::host::wasi::random::random::get_random_bytes;
use crate::log::{self, Level};
use crate::memory::Global;
use crate::native::{Entry, module, native};
use crate::start;
use crate::state::state;
use crate::timers;
use crate::value::{Atom, Value, atom, context};
use crate::web;

/// Random bytes of the host for `Math.random`, and how many of them are used.
static RANDOM: Global<([u8; BATCH], usize)> = Global::new(([0; BATCH], BATCH));
const BATCH: usize = 512;

/// Returns a number from 0 to 1 with 53 random bits. The numbers of the engine's own `Math.random` would be the same
/// in every instance, because its seed is a part of the snapshot.
fn random_number() -> f64 {
    if state().number == 0 {
        // While the component is built, every number becomes a part of the snapshot anyway.
        return number(&get_random_bytes(8));
    }
    let (mut bytes, mut used) = RANDOM.0.get();
    if used == BATCH {
        let fresh = get_random_bytes(BATCH as u64);
        bytes[..fresh.len().min(BATCH)].copy_from_slice(&fresh[..fresh.len().min(BATCH)]);
        used = 0;
    }
    let value = number(&bytes[used..used + 8]);
    RANDOM.0.set((bytes, used + 8));
    value
}

fn number(bytes: &[u8]) -> f64 {
    let bits = bytes
        .iter()
        .fold(0_u64, |bits, &byte| bits << 8 | u64::from(byte));
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

native! {
    random(_) { Ok(Value::number(random_number())) }

    // Logs a text with the level of a number: see `Level`.
    write_log(arguments) {
        let text = arguments.get(0).to_text()?;
        log::log(Level::of(arguments.get(1).to_int()?), text.bytes());
        Ok(Value::UNDEFINED)
    }

    load_streams(_) {
        if state().streams.is_none() {
            start::load_streams()?;
        }
        Ok(state().streams.clone().unwrap_or(Value::UNDEFINED))
    }

    loaded_streams(_) { Ok(state().streams.clone().unwrap_or(Value::UNDEFINED)) }

    streams(arguments) {
        state().streams = Some(arguments.get(0));
        Ok(Value::UNDEFINED)
    }
}

const NATIVES: &[Entry] = &[
    (c"log", 2, write_log),
    (c"loadStreams", 0, load_streams),
    (c"loadedStreams", 0, loaded_streams),
    (c"streams", 1, streams),
    (c"quietTimeout", 2, timers::quiet_timeout),
];

/// Sets the globals, and registers the module that the prelude uses.
pub(crate) fn register(global: &Value) {
    module(c"spikard:natives", NATIVES);
    web::register();
    let set = |object: &Value, name: Atom, value: Value| {
        let flags = (rquickjs_sys::JS_PROP_CONFIGURABLE | rquickjs_sys::JS_PROP_WRITABLE) as i32;
        // SAFETY: takes over the value.
        unsafe {
            rquickjs_sys::JS_DefinePropertyValue(
                context(),
                object.raw(),
                name,
                value.into_raw(),
                flags,
            );
        }
    };
    for (name, length, function) in timers::FUNCTIONS {
        let key = atom(name.to_str().unwrap_or_default());
        set(global, key, Value::function(name, length, function));
    }
    if let Ok(math) = global.get(atom("Math")) {
        set(&math, atom("random"), Value::function(c"random", 0, random));
    }
}
