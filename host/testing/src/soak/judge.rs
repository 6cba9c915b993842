//! Checks that a host has released its resources after the load.

use std::time::Duration;

use super::metrics::Metrics;
use crate::usage::Usage;

const MIB: u64 = 1 << 20;

/// Maximum increase of open files: sockets that are about to close.
const FILES: u64 = 4;

/// Maximum increase of threads: the async runtime ends its idle threads later.
const THREADS: u64 = 2;

/// Maximum growth of memory from the first third of the run to the last: one tenth plus
/// 16 MiB. One leaked instance every ten seconds exceeds it.
const GROWTH: (u64, u64) = (10, 16 * MIB);

/// Minimum duration to check growth. In a shorter run, caches and allocators still fill up.
const LONG_ENOUGH: Duration = Duration::from_secs(120);

/// Maximum number of instances, idle or prepared, that an idle host keeps per worker.
const MAX_IDLE: u64 = 1;

/// The measurements of a host.
pub(super) struct Measurements<'a> {
    pub(super) policy: &'static str,
    pub(super) time: Duration,
    pub(super) start: Usage,
    pub(super) samples: &'a [Usage],
    pub(super) end: Usage,
    pub(super) metrics: &'a Metrics,
}

/// Median resident memory of the first and the last third of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Growth {
    pub(super) first: u64,
    pub(super) last: u64,
    /// True if the run was long enough to check the growth.
    pub(super) counts: bool,
}

/// Returns a sentence for each failed check.
pub(super) fn judge(seen: &Measurements<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    let metrics = seen.metrics;
    let (idle, prepared) = (metrics.state("idle"), metrics.state("prepared"));
    if metrics.instances.is_empty() {
        faults.push("`/metrics` has no number of instances".to_owned());
    }
    match metrics.state("leased") {
        0 => {}
        leased => faults.push(format!("{leased} instances are leased after the load")),
    }
    let (may_idle, may_prepare) = match seen.policy {
        "fresh" => (0, MAX_IDLE),
        _ => (MAX_IDLE, 0),
    };
    for (number, most, state) in [
        (idle, may_idle, "idle"),
        (prepared, may_prepare, "prepared"),
    ] {
        if number > most {
            faults.push(format!(
                "{number} instances are {state}, more than the limit of {most}"
            ));
        }
    }
    if let Some(created) = metrics.created {
        let gone: u64 = metrics.recycled.values().sum();
        let there = idle + prepared + metrics.state("leased");
        if created != gone + there {
            faults.push(format!(
                "{created} instances were created, but {gone} were dropped and {there} exist"
            ));
        }
    }
    let (start, end) = (seen.start, seen.end);
    for (before, after, slack, what) in [
        (start.open_files, end.open_files, FILES, "files"),
        (start.threads, end.threads, THREADS, "threads"),
    ] {
        if after > before + slack {
            faults.push(format!(
                "{after} open {what}, {before} before the load; at most {slack} more are allowed"
            ));
        }
    }
    match growth(seen.samples, seen.time) {
        None => faults.push("there are no samples of its memory".to_owned()),
        Some(Growth {
            first,
            last,
            counts: true,
        }) if last > first + first / GROWTH.0 + GROWTH.1 => faults.push(format!(
            "its memory grew from {} to {} MiB",
            first / MIB,
            last / MIB
        )),
        Some(_) => {}
    }
    faults
}

/// Returns the median memory at the beginning and at the end of a run. Ignores the first
/// fifth of the samples.
pub(super) fn growth(samples: &[Usage], time: Duration) -> Option<Growth> {
    let warm = samples.get(samples.len() / 5..)?;
    let third = warm.len().div_ceil(3);
    Some(Growth {
        first: median(warm.get(..third)?)?,
        last: median(warm.get(warm.len() - third..)?)?,
        counts: time >= LONG_ENOUGH,
    })
}

fn median(samples: &[Usage]) -> Option<u64> {
    let mut sizes: Vec<u64> = samples.iter().map(|sample| sample.rss).collect();
    sizes.sort_unstable();
    sizes.get(sizes.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    fn usage(mib: u64) -> Usage {
        Usage {
            rss: mib * MIB,
            peak: mib * MIB,
            open_files: 17,
            threads: 3,
        }
    }

    fn metrics(idle: u64, leased: u64, prepared: u64) -> Metrics {
        Metrics::read(&format!(
            "spikard_wasm_instances{{state=\"idle\"}} {idle}\n\
             spikard_wasm_instances{{state=\"leased\"}} {leased}\n\
             spikard_wasm_instances{{state=\"prepared\"}} {prepared}\n\
             spikard_wasm_instances_created_total 10\n\
             spikard_wasm_instances_recycled_total{{reason=\"trap\"}} {}\n",
            10 - idle - leased - prepared
        ))
    }

    fn faults(policy: &'static str, samples: &[Usage], end: Usage, metrics: &Metrics) -> String {
        let seen = Measurements {
            policy,
            time: LONG,
            start: usage(50),
            samples,
            end,
            metrics,
        };
        judge(&seen).join("; ")
    }

    #[test]
    fn a_host_that_is_as_before() {
        let steady = [usage(60); 60];
        assert_eq!(faults("reuse", &steady, usage(55), &metrics(1, 0, 0)), "");
        assert_eq!(faults("fresh", &steady, usage(55), &metrics(0, 0, 1)), "");
    }

    #[test]
    fn instances_that_are_leaked() {
        let steady = [usage(60); 60];
        let of = |policy, metrics| faults(policy, &steady, usage(55), &metrics);
        assert_eq!(
            of("reuse", metrics(1, 2, 0)),
            "2 instances are leased after the load"
        );
        assert_eq!(
            of("reuse", metrics(3, 0, 0)),
            "3 instances are idle, more than the limit of 1"
        );
        assert_eq!(
            of("fresh", metrics(1, 0, 0)),
            "1 instances are idle, more than the limit of 0"
        );
        assert_eq!(
            of("fresh", metrics(0, 0, 2)),
            "2 instances are prepared, more than the limit of 1"
        );
        let mut lost = metrics(1, 0, 0);
        lost.created = Some(12);
        assert_eq!(
            of("reuse", lost),
            "12 instances were created, but 9 were dropped and 1 exist"
        );
        assert!(of("reuse", Metrics::default()).contains("has no number"));
    }

    #[test]
    fn files_and_threads_that_stay() {
        let steady = [usage(60); 60];
        let with = |open_files, threads| Usage {
            open_files,
            threads,
            ..usage(55)
        };
        let of = |end| faults("reuse", &steady, end, &metrics(1, 0, 0));
        assert_eq!(of(with(21, 5)), "");
        assert_eq!(
            of(with(22, 5)),
            "22 open files, 17 before the load; at most 4 more are allowed"
        );
        assert_eq!(
            of(with(17, 6)),
            "6 open threads, 3 before the load; at most 2 more are allowed"
        );
    }

    #[test]
    fn memory_that_grows() {
        let of = |samples: &[Usage]| faults("reuse", samples, usage(55), &metrics(1, 0, 0));
        // Memory may grow during the first fifth of the run, and peak for a moment.
        let begins: Vec<Usage> = (0..60)
            .map(|n| usage(if n < 10 { n } else { 60 }))
            .collect();
        assert_eq!(of(&begins), "");
        let mut spikes = [usage(60); 60];
        spikes[58] = usage(600);
        assert_eq!(of(&spikes), "");
        let grows: Vec<Usage> = (0..60).map(|n| usage(60 + n)).collect();
        assert_eq!(of(&grows), "its memory grew from 80 to 112 MiB");
        assert_eq!(of(&[]), "there are no samples of its memory");
        // A short run does not check the growth.
        let seconds = Duration::from_secs(12);
        assert!(!growth(&grows, seconds).expect("samples").counts);
    }
}
