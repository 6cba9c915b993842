//! The clock of `performance`.

use crate::host::wasi::clocks::{monotonic_clock, wall_clock};
use crate::memory::Global;
use crate::native::{Entry, native};
use crate::state::state;
use crate::value::Value;

/// The time origin of an instance: when it first used the clock.
#[derive(Clone, Copy)]
struct Origin {
    /// True if the origin was set during the build. The snapshot contains it then, and an instance replaces it.
    build: bool,
    /// In nanoseconds of the monotonic clock.
    monotonic: u64,
    /// In milliseconds of Unix time.
    wall: f64,
}

static ORIGIN: Global<Option<Origin>> = Global::new(None);

fn origin() -> Origin {
    let build = state().number == 0;
    match ORIGIN.0.get() {
        Some(origin) if origin.build == build => origin,
        _ => {
            let now = wall_clock::now();
            let wall = now.seconds as f64 * 1e3 + f64::from(now.nanoseconds) / 1e6;
            let origin = Origin {
                build,
                monotonic: monotonic_clock::now(),
                wall,
            };
            ORIGIN.0.set(Some(origin));
            origin
        }
    }
}

native! {
    // Returns the milliseconds since the time origin.
    now(_) {
        let origin = origin();
        Ok(Value::number(monotonic_clock::now().saturating_sub(origin.monotonic) as f64 / 1e6))
    }

    // Returns the time origin, in milliseconds of Unix time.
    time_origin(_) { Ok(Value::number(origin().wall)) }
}

pub(super) const NATIVES: &[Entry] = &[(c"now", 0, now), (c"timeOrigin", 0, time_origin)];
