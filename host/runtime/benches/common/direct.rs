//! A guest called through wasmtime directly, as a subject of a measurement.

use crate::common::guest::{Guest, Instance};
use crate::common::process::cpu_time;
use crate::common::rounds::{Subject, typical};
use crate::common::types::Request;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::Result;

/// The instance policy of a call, and the part of the call that is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    /// One instance handles all calls.
    Reused,
    /// Each call gets a fresh instance: times the creation, the call and the drop.
    Fresh,
    /// Each call gets an instance that was created before: times only the call, as for a request
    /// with a prepared instance.
    Prepared,
}

impl Mode {
    /// Returns the name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Mode::Reused => "reused instance",
            Mode::Fresh => "fresh instance",
            Mode::Prepared => "fresh instance, ready beforehand",
        }
    }
}

/// A guest to time.
pub(crate) struct Direct {
    guest: Arc<Guest>,
    request: Request,
    mode: Mode,
    reused: Option<Instance>,
}

impl Direct {
    /// Creates the reused instance.
    pub(crate) async fn new(guest: Arc<Guest>, request: Request, mode: Mode) -> Result<Self> {
        let reused = match mode {
            Mode::Reused => Some(guest.instantiate().await?),
            Mode::Fresh | Mode::Prepared => None,
        };
        Ok(Self {
            guest,
            request,
            mode,
            reused,
        })
    }
}

impl Subject for Direct {
    async fn batch(&mut self, calls: u32) -> Result<Duration> {
        if self.mode == Mode::Prepared {
            let mut spent = Vec::new();
            for _ in 0..calls {
                let mut instance = self.guest.instantiate().await?;
                let started = Instant::now();
                black_box(instance.call(black_box(self.request)).await?);
                spent.push(started.elapsed());
            }
            return Ok(typical(spent));
        }
        let started = cpu_time();
        match &mut self.reused {
            Some(instance) => {
                for _ in 0..calls {
                    black_box(instance.call(black_box(self.request)).await?);
                }
            }
            None => {
                for _ in 0..calls {
                    let mut instance = self.guest.instantiate().await?;
                    black_box(instance.call(black_box(self.request)).await?);
                }
            }
        }
        Ok(cpu_time() - started)
    }
}
