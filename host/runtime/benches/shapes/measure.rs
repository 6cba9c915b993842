//! Times the components of a group in interleaved rounds.

use crate::common::direct::{Direct, Mode};
use crate::common::options::Options;
use crate::common::rounds::{self, Subject as _};
use crate::common::types::Answer;
use crate::plan::{Case, Group, Variant};
use serde_json::Value;
use std::time::Instant;
use wasmtime::{Result, ensure};

/// The figures of one component, for each round of its group.
pub(crate) struct Sample {
    pub(crate) name: String,
    /// The reason if it could not be measured.
    pub(crate) failure: Option<String>,
    /// Microseconds per call.
    pub(crate) times: Vec<f64>,
    /// Ratios to the base of the group in the same round.
    pub(crate) ratios: Vec<f64>,
}

/// The figures of a group.
pub(crate) struct Outcome {
    pub(crate) lane: &'static str,
    pub(crate) fresh: bool,
    pub(crate) case: &'static str,
    /// Calls in one timed batch.
    pub(crate) calls: u32,
    pub(crate) samples: Vec<Sample>,
}

/// Measures a group. A failing component is reported; a failing base is an error.
pub(crate) async fn measure(group: &Group, options: &Options) -> Result<Outcome> {
    let mut working = Vec::new();
    let mut samples = Vec::new();
    for variant in &group.variants {
        let failure = match check(variant, &group.case).await {
            Ok(()) => None,
            Err(error) if working.is_empty() => {
                let subject = format!("{}, {}, {}", group.lane, variant.name, group.case.name);
                return Err(error.context(subject));
            }
            Err(error) => Some(format!("{error:#}")),
        };
        if failure.is_none() {
            working.push(variant);
        }
        let name = variant.name.clone();
        samples.push(Sample {
            name,
            failure,
            times: Vec::new(),
            ratios: Vec::new(),
        });
    }
    let (calls, rounds) = interleave(&working, group, options).await?;
    let measured = samples.iter_mut().filter(|sample| sample.failure.is_none());
    for (index, sample) in measured.enumerate() {
        sample.times = rounds.iter().map(|times| times[index]).collect();
        sample.ratios = rounds.iter().map(|times| times[index] / times[0]).collect();
    }
    Ok(Outcome {
        lane: group.lane,
        fresh: group.fresh,
        case: group.case.name,
        calls,
        samples,
    })
}

/// Returns the calls per batch, and for each round the microseconds of each component.
async fn interleave(
    variants: &[&Variant],
    group: &Group,
    options: &Options,
) -> Result<(u32, Vec<Vec<f64>>)> {
    let count = variants.len();
    let mut rounds = Vec::new();
    let mut calls = 0;
    for _ in 0..options.sessions {
        let mut bench = Vec::with_capacity(count);
        for &variant in variants {
            bench.push(prepare(variant, group, options).await?);
        }
        if calls == 0 {
            calls = rounds::calibrate(&mut bench[0], options.batch).await?;
        }
        for round in 0..options.rounds {
            rounds.push(rounds::round(&mut bench, calls, round).await?);
        }
    }
    Ok((calls, rounds))
}

/// Instantiates and warms up.
async fn prepare(variant: &Variant, group: &Group, options: &Options) -> Result<Direct> {
    let mode = match group.fresh {
        true => Mode::Fresh,
        false => Mode::Reused,
    };
    let mut subject = Direct::new(variant.guest.clone(), group.case.request, mode).await?;
    let started = Instant::now();
    while started.elapsed() < options.batch * 5 {
        subject.batch(10).await?;
    }
    Ok(subject)
}

/// Calls twice, because a reused instance must handle the second call too. The order of object
/// members does not matter.
async fn check(variant: &Variant, case: &Case) -> Result<()> {
    let mut instance = variant.guest.instantiate().await?;
    let expected: Value = serde_json::from_str(case.expected)?;
    for _ in 0..2 {
        let Answer {
            status,
            headers,
            text,
        } = instance.call(case.request).await?;
        let same = text == case.expected
            || serde_json::from_str::<Value>(&text).ok().as_ref() == Some(&expected);
        let headers = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        ensure!(
            status == 200,
            "replied with status `{status}` instead of `200`"
        );
        ensure!(same, "replied `{text}` instead of `{}`", case.expected);
        ensure!(
            headers.eq(case.headers.iter().copied()),
            "replied with the wrong headers"
        );
    }
    Ok(())
}
