//! A load's definition as phases for the load process.

use crate::defs::{Load, LoadKind, Over};
use crate::load::{Pace, Phase, Segment};

/// The phases of a load on one server: all but cold starts; of a sweep over anything but
/// connections those of one value, as each value is a server of its own.
pub(super) fn phases(load: &Load) -> Vec<Phase> {
    let warmup = |rate: f64| Segment {
        point: None,
        seconds: load.warmup,
        rate,
    };
    let segment = |point: &str, seconds: f64, rate: f64| Segment {
        point: Some(point.to_owned()),
        seconds,
        rate,
    };
    let with_warmup = |rate: f64, segments: Vec<Segment>| {
        let warmup = (load.warmup > 0.0).then(|| warmup(rate));
        warmup.into_iter().chain(segments).collect::<Vec<_>>()
    };
    let phase = |connections, pace, segments| Phase {
        connections,
        pace,
        segments,
    };
    let rate = load.rate.unwrap_or(0.0);
    match load.kind {
        LoadKind::Cold => Vec::new(),
        LoadKind::Sweep if load.over == Some(Over::Connections) => {
            let one = |connections: &usize| {
                let point = format!("{connections} {}", Over::Connections.unit());
                phase(
                    *connections,
                    Pace::Closed,
                    with_warmup(0.0, vec![segment(&point, load.seconds, 0.0)]),
                )
            };
            load.values.iter().map(one).collect()
        }
        LoadKind::Closed | LoadKind::Sweep => {
            vec![phase(
                load.connections,
                Pace::Closed,
                with_warmup(0.0, vec![segment("", load.seconds, 0.0)]),
            )]
        }
        LoadKind::Open => {
            let segments = with_warmup(rate, vec![segment("", load.seconds, rate)]);
            vec![phase(load.connections, Pace::Open(load.arrivals), segments)]
        }
        LoadKind::Spike => {
            let peak = load.peak.unwrap_or(rate);
            let parts = vec![
                segment("before", load.seconds, rate),
                segment("peak", load.seconds, peak),
                segment("after", load.seconds, rate),
            ];
            vec![phase(
                load.connections,
                Pace::Open(load.arrivals),
                with_warmup(rate, parts),
            )]
        }
        LoadKind::Ramp => {
            let Some(knee) = load.knee else {
                return Vec::new();
            };
            let mut rate = rate;
            let mut steps = Vec::new();
            for number in 0..knee.steps {
                let step = vec![segment(&format!("{rate:.0}/s"), load.seconds, rate)];
                let segments = if number == 0 {
                    with_warmup(rate, step)
                } else {
                    step
                };
                steps.push(phase(load.connections, Pace::Open(load.arrivals), segments));
                rate *= knee.factor;
            }
            steps
        }
    }
}
