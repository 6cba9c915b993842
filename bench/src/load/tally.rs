//! Counters of a running segment.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2DeflateSerializer};

use super::plan::{Measured, Segment};

/// Latencies in nanoseconds with three significant digits, up to an hour.
pub type Histogram = hdrhistogram::Histogram<u64>;

const LONGEST: u64 = 3_600_000_000_000;
const SAMPLES: usize = 3;

/// Creates an empty histogram; all have the same bounds, so that they can be merged.
pub fn new_histogram() -> Histogram {
    Histogram::new_with_bounds(1, LONGEST, 3)
        .unwrap_or_else(|_| unreachable!("the bounds are constants that fit"))
}

/// Encodes a histogram as text.
pub fn encode(histogram: &Histogram) -> Result<String> {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new()
        .serialize(histogram, &mut bytes)
        .map_err(|error| anyhow::anyhow!("{error:?}"))?;
    Ok(STANDARD.encode(bytes))
}

/// Decodes a histogram from text.
pub fn decode(text: &str) -> Result<Histogram> {
    let bytes = STANDARD.decode(text).context("a histogram is not base64")?;
    Deserializer::new()
        .deserialize(&mut bytes.as_slice())
        .map_err(|error| anyhow::anyhow!("a histogram is corrupt: {error:?}"))
}

/// The counters of one segment.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) segment: Segment,
    pub(super) begin: Instant,
    pub(super) end: Instant,
    latencies: Histogram,
    lags: Histogram,
    errors: u64,
    wrong: u64,
    pub(super) unfinished: u64,
    bytes: u64,
    samples: Vec<String>,
}

/// The outcome of one request.
#[derive(Debug)]
pub(super) enum Outcome {
    /// A correct reply with a body of this size in bytes.
    Right(usize),
    /// No reply, or a wrong status.
    Error(String),
    /// A wrong body.
    Wrong(String),
}

impl Tally {
    pub(super) fn new(segment: &Segment, begin: Instant) -> Self {
        Self {
            segment: segment.clone(),
            begin,
            end: begin + Duration::from_secs_f64(segment.seconds),
            latencies: new_histogram(),
            lags: new_histogram(),
            errors: 0,
            wrong: 0,
            unfinished: 0,
            bytes: 0,
            samples: Vec::new(),
        }
    }

    pub(super) fn record(&mut self, latency: Duration, outcome: Outcome) {
        match outcome {
            Outcome::Right(bytes) => {
                self.bytes += bytes as u64;
                self.latencies.saturating_record(nanos(latency));
            }
            Outcome::Error(why) => {
                self.errors += 1;
                self.sample(why);
            }
            Outcome::Wrong(why) => {
                self.wrong += 1;
                self.sample(why);
            }
        }
    }

    /// Counts an unfinished request with the time that it has waited, a lower bound of its
    /// latency.
    pub(super) fn give_up(&mut self, latency: Duration) {
        self.unfinished += 1;
        self.latencies.saturating_record(nanos(latency));
    }

    pub(super) fn lag(&mut self, lag: Duration) {
        self.lags.saturating_record(nanos(lag));
    }

    pub(super) fn failed(&self) -> u64 {
        self.errors + self.wrong
    }

    pub(super) fn right(&self) -> u64 {
        self.latencies.len() - self.unfinished
    }

    fn sample(&mut self, why: String) {
        if self.samples.len() < SAMPLES && !self.samples.contains(&why) {
            self.samples.push(why);
        }
    }

    pub(super) fn measured(&self, open: bool) -> Result<Measured> {
        Ok(Measured {
            point: self.segment.point.clone().unwrap_or_default(),
            seconds: self.segment.seconds,
            asked_rate: open.then_some(self.segment.rate),
            requests: self.right(),
            errors: self.errors,
            wrong: self.wrong,
            unfinished: self.unfinished,
            samples: self.samples.clone(),
            bytes: self.bytes,
            lag_p99_us: self.lags.value_at_quantile(0.99) as f64 / 1e3,
            lag_max_us: self.lags.max() as f64 / 1e3,
            histogram: encode(&self.latencies)?,
            ..Measured::default()
        })
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).max(1)
}
