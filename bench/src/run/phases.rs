//! Translates the definition of a load to phases for the load process.

use crate::defs::{Load, LoadKind, Over};
use crate::load::{Pace, Phase, Segment};

/// Returns the phases of a load on one server. Cold starts have none. A sweep over anything but
/// connections has the phases of one value, because each value gets its own server.
pub(super) fn phases(load: &Load) -> Vec<Phase> {
    let unmeasured = |seconds: f64, rate: f64| Segment {
        point: None,
        seconds,
        rate,
    };
    let segment = |point: &str, seconds: f64, rate: f64| Segment {
        point: Some(point.to_owned()),
        seconds,
        rate,
    };
    let with_warmup = |segments: Vec<Segment>| {
        let warmup = (load.warmup > 0.0).then(|| unmeasured(load.warmup, 0.0));
        warmup.into_iter().chain(segments).collect::<Vec<_>>()
    };
    let phase = |connections, pace, segments| Phase {
        connections,
        pace,
        segments,
    };
    // A paced load warms up in a closed loop, so that a JIT compiler in the server sees as many
    // requests as possible. The pace begins afterwards, and remaining requests of the warm-up
    // finish.
    let paced = |rate: f64, segments: Vec<Segment>| {
        let mut phases = Vec::new();
        let mut all = segments;
        if load.warmup > 0.0 {
            let connections = load.connections.min(WARMUP_CONNECTIONS);
            let warmup = vec![unmeasured(load.warmup, 0.0)];
            phases.push(phase(connections, Pace::Closed, warmup));
            all.insert(0, unmeasured(SETTLING, rate));
        }
        phases.push(phase(load.connections, Pace::Open(load.arrivals), all));
        phases
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
                    with_warmup(vec![segment(&point, load.seconds, 0.0)]),
                )
            };
            load.values.iter().map(one).collect()
        }
        LoadKind::Closed | LoadKind::Sweep => {
            vec![phase(
                load.connections,
                Pace::Closed,
                with_warmup(vec![segment("", load.seconds, 0.0)]),
            )]
        }
        LoadKind::Open => paced(rate, vec![segment("", load.seconds, rate)]),
        LoadKind::Spike => {
            let peak = load.peak.unwrap_or(rate);
            let parts = vec![
                segment("before", load.seconds, rate),
                segment("peak", load.seconds, peak),
                segment("after", load.seconds, rate),
            ];
            paced(rate, parts)
        }
        LoadKind::Ramp => {
            let Some(knee) = load.knee else {
                return Vec::new();
            };
            let mut rate = rate;
            let mut steps = Vec::new();
            for number in 0..knee.steps {
                let step = vec![segment(&format!("{rate:.0}/s"), load.seconds, rate)];
                match number {
                    0 => steps.extend(paced(rate, step)),
                    _ => steps.push(phase(load.connections, Pace::Open(load.arrivals), step)),
                }
                rate *= knee.factor;
            }
            steps
        }
    }
}

/// Connections during the warm-up of a paced load.
const WARMUP_CONNECTIONS: usize = 16;
/// Seconds at the pace before the measurement begins.
const SETTLING: f64 = 0.2;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::defs::Catalogue;

    #[test]
    fn a_paced_load_warms_up_in_a_closed_loop() {
        let catalogue = Catalogue::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        for name in ["open", "spike", "ramp"] {
            let found = phases(&catalogue.loads[name]);
            assert_eq!(found[0].pace, Pace::Closed, "{name}");
            assert!(found[0].segments.iter().all(|it| it.point.is_none()));
            let [settling, first, ..] = &found[1].segments[..] else {
                panic!("{name}: {found:?}");
            };
            assert!(settling.point.is_none() && first.point.is_some(), "{name}");
            assert_eq!(settling.rate, first.rate, "{name}");
        }
        let closed = phases(&catalogue.loads["closed"]);
        assert_eq!(closed.len(), 1);
    }
}
