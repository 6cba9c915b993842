//! Rate limits: a token bucket per client, header value or route (crate `governor`).

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock, Reference};
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;
use governor::{Quota, RateLimiter};
use serde::Deserialize;

use super::header;
use super::switch::FromTrue;
use crate::params::RequestHead;
use crate::refusal::Refusal;

/// The declaration of `rate_limit`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimitSpec {
    requests: u32,
    per: Period,
    burst: Option<u32>,
    #[serde(default)]
    by: BucketKey,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Period {
    Second,
    Minute,
    Hour,
}

/// The property of a request that selects its bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum BucketKey {
    #[default]
    Client,
    Route,
    Header(String),
}

impl FromTrue for RateLimitSpec {
    fn from_true() -> Result<Self, &'static str> {
        Err("declare `requests` and `per`")
    }
}

/// The maximum number of requests per period.
const MAX_REQUESTS: u32 = 1_000_000;

/// The maximum number of buckets of a rate limit, which take about 2 MiB. Beyond it, and
/// until full buckets can be dropped, all further keys share one bucket.
const MAX_BUCKETS: usize = 64 << 10;

/// The number of shards, to reduce lock contention between workers.
const SHARDS: usize = 16;

/// A rate limit, shared by all workers.
#[derive(Debug)]
pub struct RateLimit {
    by: BucketKey,
    hasher: RandomState,
    buckets: Buckets<DefaultClock>,
}

/// The state of a bucket after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateState {
    /// The maximum number of requests in a burst.
    pub limit: u32,
    /// The number of requests left.
    pub remaining: u32,
    /// The time until the bucket is full or, for a rejected request, until the next request
    /// is allowed; in seconds, rounded up.
    pub reset: u32,
}

impl RateState {
    /// Returns the headers that tell the client its state.
    #[must_use]
    pub fn headers(&self) -> [(&'static str, u32); 3] {
        [
            ("ratelimit-limit", self.limit),
            ("ratelimit-remaining", self.remaining),
            ("ratelimit-reset", self.reset),
        ]
    }
}

impl RateLimit {
    pub(super) fn new(spec: &RateLimitSpec) -> Result<Self, String> {
        let number = |name: &str, number: u32| {
            NonZeroU32::new(number)
                .filter(|number| number.get() <= MAX_REQUESTS)
                .ok_or_else(|| {
                    format!("has `{name}` `{number}`, which is not between 1 and {MAX_REQUESTS}")
                })
        };
        let requests = number("requests", spec.requests)?;
        let burst = number("burst", spec.burst.unwrap_or(spec.requests))?;
        let quota = match spec.per {
            Period::Second => Quota::per_second(requests),
            Period::Minute => Quota::per_minute(requests),
            Period::Hour => Quota::per_hour(requests),
        };
        let by = match &spec.by {
            BucketKey::Header(name) => BucketKey::Header(header::name(name)?),
            by => by.clone(),
        };
        Ok(Self {
            by,
            hasher: RandomState::new(),
            buckets: Buckets::new(
                quota.allow_burst(burst),
                DefaultClock::default(),
                MAX_BUCKETS,
            ),
        })
    }

    /// Takes one request from its bucket.
    pub(super) fn take(
        &self,
        head: &impl RequestHead,
        peer: IpAddr,
        route: u32,
    ) -> (RateState, Result<(), Refusal>) {
        let key = match &self.by {
            BucketKey::Route => self.hasher.hash_one(("route", route)),
            BucketKey::Client => self.client(peer),
            BucketKey::Header(name) => {
                let mut key = None;
                head.header(name, &mut |value| {
                    key.get_or_insert_with(|| self.hasher.hash_one(("header", value)));
                });
                // Clients that do not send the header must not share a bucket.
                key.unwrap_or_else(|| self.client(peer))
            }
        };
        let (state, is_allowed) = self.buckets.take(key);
        let outcome = if is_allowed {
            Ok(())
        } else {
            Err(Refusal::RateLimited {
                retry_after: state.reset,
            })
        };
        (state, outcome)
    }

    /// Returns the key of a client: its IPv4 address or IPv6 /64 network, because one
    /// client controls all addresses of such a network.
    fn client(&self, peer: IpAddr) -> u64 {
        let network = match peer.to_canonical() {
            IpAddr::V4(address) => (true, u64::from(address.to_bits())),
            IpAddr::V6(address) => (false, (address.to_bits() >> 64) as u64),
        };
        self.hasher.hash_one(("client", network))
    }
}

/// Buckets by key hash. Their memory is bounded regardless of client input, and the hash has
/// a random key, so that a client cannot collide with another client's bucket on purpose.
#[derive(Debug)]
struct Buckets<C: Clock> {
    limiter: RateLimiter<u64, Store, C, StateInformationMiddleware>,
    store: Store,
    quota: Quota,
    last_sweep: Mutex<Option<C::Instant>>,
}

/// The minimum time between two sweeps.
const SWEEP_PAUSE: Duration = Duration::from_secs(1);

impl<C: Clock> Buckets<C> {
    fn new(quota: Quota, clock: C, max_buckets: usize) -> Self {
        let store = Store(Arc::new(BucketStates::new(max_buckets)));
        Self {
            limiter: RateLimiter::new(quota, store.clone(), clock),
            store,
            quota,
            last_sweep: Mutex::new(None),
        }
    }

    fn take(&self, key: u64) -> (RateState, bool) {
        if self.store.0.is_full() {
            self.sweep();
        }
        let limit = self.quota.burst_size().get();
        match self.limiter.check_key(&key) {
            Ok(snapshot) => {
                let remaining = snapshot.remaining_burst_capacity().min(limit);
                let refill = self.quota.replenish_interval() * (limit - remaining);
                let state = RateState {
                    limit,
                    remaining,
                    reset: seconds(refill),
                };
                (state, true)
            }
            Err(refused) => {
                let wait = refused.wait_time_from(self.limiter.clock().now());
                let state = RateState {
                    limit,
                    remaining: 0,
                    reset: seconds(wait).max(1),
                };
                (state, false)
            }
        }
    }

    /// Drops full buckets, which need no state.
    fn sweep(&self) {
        let now = self.limiter.clock().now();
        let mut swept = lock(&self.last_sweep);
        let since = swept.map(|swept| Duration::from(now.duration_since(swept)));
        if since.is_some_and(|since| since < SWEEP_PAUSE) {
            return;
        }
        *swept = Some(now);
        drop(swept);
        self.limiter.retain_recent();
    }
}

/// Converts to whole seconds, rounded up.
fn seconds(duration: Duration) -> u32 {
    let up = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    u32::try_from(up).unwrap_or(u32::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The state of up to `max_buckets` buckets, and of one shared bucket for all other keys.
#[derive(Debug)]
struct BucketStates {
    shards: [Mutex<Shard>; SHARDS],
    shared: Mutex<Option<Nanos>>,
    max_buckets: usize,
    count: AtomicUsize,
}

type Shard = HashMap<u64, Nanos>;

/// A handle to the state, which both the limiter and [`Buckets`] use.
#[derive(Debug, Clone)]
struct Store(Arc<BucketStates>);

impl BucketStates {
    fn new(max_buckets: usize) -> Self {
        Self {
            shards: Default::default(),
            shared: Mutex::default(),
            max_buckets,
            count: AtomicUsize::new(0),
        }
    }

    fn is_full(&self) -> bool {
        self.count.load(Ordering::Relaxed) >= self.max_buckets
    }
}

impl StateStore for Store {
    type Key = u64;

    fn measure_and_replace<T, F, E>(&self, key: &u64, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut shard = lock(&self.0.shards[*key as usize % SHARDS]);
        if let Some(state) = shard.get_mut(key) {
            let (outcome, next) = measure(Some(*state))?;
            *state = next;
            return Ok(outcome);
        }
        if self.0.is_full() {
            drop(shard);
            let mut shared = lock(&self.0.shared);
            let (outcome, next) = measure(*shared)?;
            *shared = Some(next);
            return Ok(outcome);
        }
        let (outcome, next) = measure(None)?;
        shard.insert(*key, next);
        self.0.count.fetch_add(1, Ordering::Relaxed);
        Ok(outcome)
    }
}

impl ShrinkableKeyedStateStore<u64> for Store {
    fn retain_recent(&self, drop_below: Nanos) {
        for shard in &self.0.shards {
            let mut shard = lock(shard);
            let before = shard.len();
            shard.retain(|_, state| *state > drop_below);
            let dropped = before - shard.len();
            self.0.count.fetch_sub(dropped, Ordering::Relaxed);
        }
    }

    fn len(&self) -> usize {
        self.0.count.load(Ordering::Relaxed)
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Switch;
    use crate::policy::tests::Head;
    use governor::clock::FakeRelativeClock;
    use serde_json::{Value, json};

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn limit(declared: Value) -> Result<RateLimit, String> {
        match serde_json::from_value(declared).unwrap() {
            Switch::On(spec) => RateLimit::new(&spec),
            Switch::Off => panic!("off"),
        }
    }

    fn buckets(
        per_second: u32,
        burst: u32,
        max_buckets: usize,
    ) -> (Buckets<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let number = |number| NonZeroU32::new(number).unwrap();
        let quota = Quota::per_second(number(per_second)).allow_burst(number(burst));
        (Buckets::new(quota, clock.clone(), max_buckets), clock)
    }

    #[test]
    fn a_bucket_empties_and_fills() {
        let (buckets, clock) = buckets(2, 4, 10);
        let taken: Vec<_> = (0..4).map(|_| buckets.take(1).0.remaining).collect();
        assert_eq!(taken, [3, 2, 1, 0]);
        let (state, is_allowed) = buckets.take(1);
        assert!(!is_allowed);
        let expected = RateState {
            limit: 4,
            remaining: 0,
            reset: 1,
        };
        assert_eq!(state, expected);
        assert!(buckets.take(2).1);
        clock.advance(Duration::from_millis(500));
        assert_eq!(buckets.take(1).0.reset, 2);
        assert!(!buckets.take(1).1);
        clock.advance(Duration::from_secs(60));
        assert_eq!(buckets.take(1).0.remaining, 3);
    }

    #[test]
    fn buckets_are_bounded() {
        let (buckets, clock) = buckets(1, 2, 100);
        for key in 0..10_000 {
            buckets.take(key);
        }
        assert_eq!(buckets.store.len(), 100);
        // The first keys have separate buckets; all others share one.
        assert!(buckets.take(0).1 && !buckets.take(0).1);
        assert!(!buckets.take(20_000).1);
        // Full buckets make room.
        clock.advance(Duration::from_secs(10));
        assert!(buckets.take(30_000).1);
        assert_eq!(buckets.store.len(), 1);
    }

    #[test]
    fn workers_share_buckets() {
        let limit = Arc::new(limit(json!({"requests": 100, "per": "hour"})).unwrap());
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let limit = limit.clone();
                std::thread::spawn(move || {
                    let take = || limit.take(&Head("", vec![]), PEER, 0).1.is_ok();
                    (0..50).filter(|_| take()).count()
                })
            })
            .collect();
        let allowed: usize = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum();
        assert_eq!(allowed, 100);
    }

    #[test]
    fn each_has_a_bucket_of_its_own() {
        let once = |by: Value| limit(json!({"requests": 1, "per": "hour", "by": by})).unwrap();
        let ask = |limit: &RateLimit, peer: &str, route, key: Option<&'static [u8]>| {
            let headers = key.map(|key| ("x-key", key)).into_iter().collect();
            limit
                .take(&Head("", headers), peer.parse().unwrap(), route)
                .1
                .is_ok()
        };
        let client = once(json!("client"));
        assert!(ask(&client, "10.0.0.1", 0, None));
        assert!(!ask(&client, "10.0.0.1", 1, None));
        assert!(!ask(&client, "::ffff:10.0.0.1", 1, None));
        assert!(ask(&client, "10.0.0.2", 0, None));
        assert!(ask(&client, "2001:db8::1", 0, None));
        assert!(!ask(&client, "2001:db8::2", 0, None));
        assert!(ask(&client, "2001:db8:0:1::1", 0, None));
        let route = once(json!("route"));
        assert!(ask(&route, "10.0.0.1", 0, None));
        assert!(!ask(&route, "10.0.0.2", 0, None));
        assert!(ask(&route, "10.0.0.2", 1, None));
        let header = once(json!({"header": "X-Key"}));
        assert!(ask(&header, "10.0.0.1", 0, Some(b"a")));
        assert!(!ask(&header, "10.0.0.2", 0, Some(b"a")));
        assert!(ask(&header, "10.0.0.1", 0, Some(b"\xff")));
        assert!(ask(&header, "10.0.0.1", 0, None));
        assert!(!ask(&header, "10.0.0.1", 0, None));
        assert!(ask(&header, "10.0.0.2", 0, None));
    }

    #[test]
    fn extremes_do_not_overflow() {
        for declared in [
            json!({"requests": 1, "per": "hour", "burst": 1_000_000}),
            json!({"requests": 1_000_000, "per": "second"}),
        ] {
            let limit = limit(declared).unwrap();
            let (state, outcome) = limit.take(&Head("", vec![]), PEER, 0);
            assert_eq!((state.limit, state.remaining), (1_000_000, 999_999));
            assert!(outcome.is_ok());
        }
        for bad in [
            json!({"requests": 0, "per": "hour"}),
            json!({"requests": 1_000_001, "per": "hour"}),
            json!({"requests": 1, "per": "hour", "burst": 0}),
        ] {
            assert!(limit(bad).unwrap_err().contains("between 1 and 1000000"));
        }
    }
}
