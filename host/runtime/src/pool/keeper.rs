//! What a worker does for its instances when no request waits for it: throw away what
//! is spent, prepare what will be asked for, and let go of what nobody asks for.
//!
//! How many instances are prepared follows the load: as many as were asked for at once,
//! between two turns of the keeper, in the last two periods of a second. Whoever asks
//! and finds none makes one itself, so the number decides how long a request takes and
//! never whether it is answered.

use std::time::Duration;

use spikard_wasm_app::Isolation;
use tokio::task::yield_now;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::instances::Pool;
use crate::instance::Instance;
use crate::stats::Recycled;

/// How long a burst is remembered, once or twice.
const PERIOD: Duration = Duration::from_secs(1);

/// How many instances are to be prepared.
#[derive(Debug, Default)]
struct Wanted {
    least: u32,
    most: u32,
    this_period: u32,
    last_period: u32,
}

impl Wanted {
    fn asked(&mut self, number: u32) {
        self.this_period = self.this_period.max(number);
    }

    fn next_period(&mut self) {
        self.last_period = std::mem::take(&mut self.this_period);
    }

    fn number(&self) -> u32 {
        let burst = self.this_period.max(self.last_period);
        burst.max(self.least).min(self.most)
    }
}

impl Pool {
    /// Keeps the instances, for as long as the worker serves. `serves_fresh`: there are
    /// routes whose requests each have an instance of their own.
    pub async fn keep(&self, serves_fresh: bool) {
        let mut wanted = Wanted {
            least: u32::from(serves_fresh),
            most: self.recycling.prepared,
            ..Wanted::default()
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
                _ = periods.tick(), if serves_fresh => wanted.next_period(),
            }
            // Requests that have arrived go first.
            yield_now().await;
            wanted.asked(self.shelf.asked.take());
            while self.shelf.discard_one() {
                yield_now().await;
            }
            self.prepare(&mut wanted).await;
            look_again = self.shelf.sweep().map(|wait| Instant::now() + wait);
        }
    }

    async fn prepare(&self, wanted: &mut Wanted) {
        while self.shelf.shrink_prepared(wanted.number()) {
            yield_now().await;
        }
        while self.shelf.ready() < wanted.number() && self.stats.live() < u64::from(self.capacity) {
            if let Err(error) = self.warm(Isolation::Fresh).await {
                tracing::warn!(%error, "no instance can be prepared; requests make their own");
                return;
            }
            yield_now().await;
            wanted.asked(self.shelf.asked.take());
        }
    }

    /// Takes an instance back from a lease, and keeps it if it may serve again.
    pub(crate) fn give_back(&self, mut instance: Instance, isolation: Isolation) {
        let why = match isolation {
            Isolation::Fresh => Recycled::Fresh,
            Isolation::Reuse if instance.has_served(self.recycling.max_requests) => {
                Recycled::Requests
            }
            Isolation::Reuse if instance.memory() > self.recycling.max_memory => Recycled::Memory,
            Isolation::Reuse => {
                self.shelf.keep(instance);
                if self.stats.idle() == 2 {
                    // There is one that may be idle for too long.
                    self.wake.notify_one();
                }
                return;
            }
        };
        self.discard(instance, why);
    }

    /// Throws an instance away, once the request that had it is answered.
    pub(crate) fn discard(&self, instance: Instance, why: Recycled) {
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
    fn what_is_prepared_follows_the_load() {
        let mut wanted = Wanted {
            least: 1,
            most: 4,
            ..Wanted::default()
        };
        assert_eq!(wanted.number(), 1);
        wanted.asked(3);
        wanted.asked(2);
        assert_eq!(wanted.number(), 3);
        wanted.asked(100);
        assert_eq!(wanted.number(), 4);
        wanted.next_period();
        assert_eq!(wanted.number(), 4);
        wanted.next_period();
        assert_eq!(wanted.number(), 1);
    }

    #[test]
    fn none_is_prepared_where_none_may_be() {
        let mut wanted = Wanted {
            least: 1,
            ..Wanted::default()
        };
        wanted.asked(7);
        assert_eq!(wanted.number(), 0);
    }
}
