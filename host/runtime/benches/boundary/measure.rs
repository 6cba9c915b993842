//! Times an app and the host's interface against the floor.

use crate::common::cases::Case;
use crate::common::direct::{Direct, Mode};
use crate::common::options::Options;
use crate::common::rounds;
use crate::common::stats::{quantiles, ratios};
use crate::lane::PoolSubject;
use crate::plan::Lane;
use std::time::Duration;
use wasmtime::Result;

/// The figures of a handler: microseconds per call, and ratios to the floor; for each the 10th
/// percentile, the median and the 90th percentile.
pub(crate) struct Row {
    pub(crate) case: &'static str,
    pub(crate) mode: Mode,
    pub(crate) floor: [f64; 3],
    pub(crate) interface: [f64; 3],
    pub(crate) interface_ratio: [f64; 3],
    pub(crate) app: [f64; 3],
    pub(crate) app_ratio: [f64; 3],
    /// The ratio of the floor to itself, which shows the noise.
    pub(crate) noise: [f64; 3],
    /// The number of rounds.
    pub(crate) rounds: usize,
}

/// One guest of a lane.
pub(crate) enum Subject {
    Pool(Box<PoolSubject>),
    Floor(Direct),
}

impl Subject {
    pub(crate) async fn interface(lane: &Lane, case: &Case, mode: Mode) -> Result<Self> {
        Ok(Self::Pool(Box::new(
            lane.interface.subject(case, mode).await?,
        )))
    }

    pub(crate) async fn app(lane: &Lane, case: &Case, mode: Mode) -> Result<Self> {
        Ok(Self::Pool(Box::new(lane.app.subject(case, mode).await?)))
    }

    pub(crate) async fn floor(lane: &Lane, case: &Case, mode: Mode) -> Result<Self> {
        let answer = lane.floor.instantiate().await?.call(case.request()).await?;
        case.check(answer.status, &answer.text)?;
        let direct = Direct::new(lane.floor.clone(), case.request(), mode).await?;
        Ok(Self::Floor(direct))
    }
}

impl rounds::Subject for Subject {
    async fn batch(&mut self, calls: u32) -> Result<Duration> {
        match self {
            Self::Pool(subject) => subject.batch(calls).await,
            Self::Floor(subject) => subject.batch(calls).await,
        }
    }
}

/// Measures every handler with reused and with fresh instances.
pub(crate) async fn measure(lane: &Lane, options: &Options) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for mode in [Mode::Reused, Mode::Fresh, Mode::Prepared] {
        for case in &Case::all() {
            rows.push(row(lane, case, mode, options).await?);
        }
    }
    Ok(rows)
}

async fn row(lane: &Lane, case: &Case, mode: Mode, options: &Options) -> Result<Row> {
    let mut times = [const { Vec::new() }; 4];
    for _ in 0..options.sessions {
        let mut subjects = [
            Subject::floor(lane, case, mode).await?,
            Subject::floor(lane, case, mode).await?,
            Subject::interface(lane, case, mode).await?,
            Subject::app(lane, case, mode).await?,
        ];
        let mut calls = [0; 4];
        for (subject, calls) in subjects.iter_mut().zip(&mut calls) {
            // Call twice, because the first call warms up.
            rounds::calibrate(subject, options.batch).await?;
            *calls = rounds::calibrate(subject, options.batch).await?;
        }
        for round in 0..options.rounds {
            let round = rounds::uneven(&mut subjects, &calls, round).await?;
            for (times, time) in times.iter_mut().zip(round) {
                times.push(time);
            }
        }
    }
    let [floor, again, interface, app] = &times;
    Ok(Row {
        case: case.name,
        mode,
        floor: quantiles(floor),
        interface: quantiles(interface),
        interface_ratio: quantiles(&ratios(interface, floor)),
        app: quantiles(app),
        app_ratio: quantiles(&ratios(app, floor)),
        noise: quantiles(&ratios(again, floor)),
        rounds: floor.len(),
    })
}
