//! The keeper: a task of each pool that drops used instances, pre-warms fresh ones and drops those
//! that have been idle for too long.
//!
//! The number of fresh instances follows the load: it is the largest number requested between two
//! runs of the keeper within the last one to two seconds. A request that finds none creates one
//! itself, so the number affects only latency.

use std::rc::Rc;
use std::time::Duration;

use spikard_wasm_app::Isolation;
use tokio::task::yield_now;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::instances::Pool;
use crate::instance::Instance;
use crate::stats::RecycleReason;

/// A burst counts for the rest of its period and for the next.
const PERIOD: Duration = Duration::from_secs(1);

/// The number of fresh instances to keep ready.
#[derive(Debug, Default)]
struct Target {
    min: u32,
    max: u32,
    this_period: u32,
    last_period: u32,
}

impl Target {
    fn record(&mut self, number: u32) {
        self.this_period = self.this_period.max(number);
    }

    fn next_period(&mut self) {
        self.last_period = std::mem::take(&mut self.this_period);
    }

    fn number(&self) -> u32 {
        let burst = self.this_period.max(self.last_period);
        burst.max(self.min).min(self.max)
    }
}

impl Pool {
    /// Runs the keeper until the worker stops. `serves_fresh`: the app has routes with the instance
    /// policy `fresh`.
    pub async fn keep(self: &Rc<Self>, serves_fresh: bool) {
        let mut target = Target {
            min: u32::from(serves_fresh),
            max: self.recycling.prepared,
            ..Target::default()
        };
        let mut periods = interval(PERIOD);
        periods.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut look_again = None;
        loop {
            let sweep = async {
                match look_again {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.wake.notified() => {}
                () = sweep => {}
                _ = periods.tick(), if serves_fresh => target.next_period(),
            }
            // Requests that have arrived run first.
            yield_now().await;
            target.record(self.shelf.requested.take());
            while self.shelf.discard_one() {
                yield_now().await;
            }
            self.prepare(&mut target).await;
            look_again = self.shelf.sweep().map(|wait| Instant::now() + wait);
        }
    }

    async fn prepare(self: &Rc<Self>, target: &mut Target) {
        while self.shelf.shrink_fresh(target.number()) {
            yield_now().await;
        }
        while self.shelf.fresh_count() < target.number()
            && self.stats.live() < u64::from(self.capacity)
        {
            if let Err(error) = self.warm(Isolation::Fresh).await {
                tracing::warn!(%error, "failed to pre-warm a fresh instance; requests create their own");
                return;
            }
            yield_now().await;
            target.record(self.shelf.requested.take());
        }
    }

    /// Takes an instance back from a lease, and keeps it if it may serve again.
    pub(crate) fn give_back(&self, mut instance: Instance, isolation: Isolation) {
        let why = match isolation {
            Isolation::Fresh => RecycleReason::Fresh,
            Isolation::Reuse | Isolation::Shared
                if instance.has_served(self.recycling.max_requests) =>
            {
                RecycleReason::Requests
            }
            Isolation::Reuse | Isolation::Shared
                if instance.memory() > self.recycling.max_memory =>
            {
                RecycleReason::Memory
            }
            Isolation::Reuse | Isolation::Shared => {
                self.shelf.keep(instance);
                if self.stats.idle() == 2 {
                    // The keeper may have to drop one of two idle instances later.
                    self.wake.notify_one();
                }
                return;
            }
        };
        self.discard(instance, why);
    }

    /// Discards an instance. The keeper drops it after the reply is sent.
    pub(crate) fn discard(&self, instance: Instance, why: RecycleReason) {
        self.stats.count(why);
        if self.shelf.spend(instance) {
            self.wake.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_follows_the_load() {
        let mut target = Target {
            min: 1,
            max: 4,
            ..Target::default()
        };
        assert_eq!(target.number(), 1);
        target.record(3);
        target.record(2);
        assert_eq!(target.number(), 3);
        target.record(100);
        assert_eq!(target.number(), 4);
        target.next_period();
        assert_eq!(target.number(), 4);
        target.next_period();
        assert_eq!(target.number(), 1);
    }

    #[test]
    fn the_target_stays_zero_without_fresh_instances() {
        let mut target = Target {
            min: 1,
            ..Target::default()
        };
        target.record(7);
        assert_eq!(target.number(), 0);
    }
}
