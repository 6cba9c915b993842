//! Soak test: finds leaks of instances, files, threads and memory under a mixed load.
//!
//! The test runs one host for each lane and instance policy, all at once. After the load
//! it waits until the hosts are idle and checks what they still hold. `docs/soak.md`
//! describes the test, and `scripts/soak` runs it.

mod client;
mod judge;
mod kinds;
mod metrics;
mod plan;
mod report;
mod tally;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::guests::guest;
use crate::server::Server;
use crate::usage::Usage;
use crate::wire::Wire;

use client::Client;
use kinds::Spins;
use metrics::Metrics;
use plan::{CLIENTS, FLAGS};
use tally::Tally;

pub use plan::Plan;
pub use report::Report;

/// The guests. Each is served by two hosts, one for each policy.
const GUESTS: [&str; 4] = [
    "faulty-rust",
    "faulty-js",
    "faulty-js-quickjs",
    "faulty-python",
];

/// The values of `--instances`.
const POLICIES: [&str; 2] = ["reuse", "fresh"];

/// Maximum time between two samples.
const INTERVAL: Duration = Duration::from_secs(10);

/// Idle time after the load. It is longer than the request timeout and the idle timeout of
/// an instance.
const QUIET: Duration = Duration::from_secs(8);

/// A host under load and its measurements.
struct Subject {
    guest: &'static str,
    policy: &'static str,
    server: Server,
    /// Usage before the load.
    start: Usage,
    samples: Vec<Usage>,
    /// Usage and metrics after the idle time.
    end: Option<(Usage, Metrics)>,
    tally: Arc<Tally>,
}

/// Runs the soak test and returns its report.
///
/// # Panics
/// Panics if a guest is not built, or a host does not start.
#[must_use]
pub fn run(plan: &Plan) -> Report {
    // Fill the cache first, so that compiling does not count as memory of the hosts.
    for name in GUESTS {
        let app = guest(name);
        let run = plan.host.run(["inspect".as_ref(), app.as_os_str()]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
    }
    let mut subjects: Vec<Subject> = GUESTS
        .iter()
        .flat_map(|guest| POLICIES.map(|policy| Subject::begin(plan, guest, policy)))
        .collect();
    let until = Instant::now() + plan.time;
    let spins = Arc::new(Spins::default());
    let mut seed = plan.seed;
    let mut clients = Vec::new();
    for subject in &subjects {
        for _ in 0..CLIENTS {
            seed += 1;
            let client = Client::new(
                subject.server.address(),
                subject.policy == "fresh",
                seed,
                (subject.tally.clone(), spins.clone()),
            );
            clients.push(thread::spawn(move || client.run(until)));
        }
    }
    let interval = INTERVAL.min(plan.time / 12);
    let mut next = Instant::now() + interval;
    while next <= until {
        thread::sleep(next.saturating_duration_since(Instant::now()));
        subjects.iter_mut().for_each(Subject::sample);
        next += interval;
    }
    for client in clients {
        client.join().expect("a client does not panic");
    }
    thread::sleep(QUIET);
    let hosts = subjects.into_iter().map(|mut subject| {
        subject.end = Some((subject.server.usage(), subject.metrics()));
        subject.judged(plan.time)
    });
    Report::new(plan, hosts.collect())
}

impl Subject {
    fn begin(plan: &Plan, guest_name: &'static str, policy: &'static str) -> Self {
        let app = guest(guest_name);
        let serve = plan.host.serve(Some(&app)).args(FLAGS);
        let server = serve.args(["--instances", policy]).start();
        let tally = Arc::new(Tally::default());
        // The host keeps open what it opens on the first request: send one before measuring.
        let asked = Wire::open(server.address()).and_then(|mut wire| {
            wire.try_ask("GET /reply/json HTTP/1.1\r\nhost: a\r\nconnection: close")
        });
        if let Err(error) = asked {
            tally.unexpected("first", format!("{error}"));
        }
        thread::sleep(Duration::from_millis(200));
        let start = server.usage();
        Self {
            guest: guest_name,
            policy,
            server,
            start,
            samples: Vec::new(),
            end: None,
            tally,
        }
    }

    fn sample(&mut self) {
        self.samples.push(self.server.usage());
    }

    fn metrics(&self) -> Metrics {
        let asked = Wire::open(self.server.address()).and_then(|mut wire| {
            wire.try_ask("GET /metrics HTTP/1.1\r\nhost: a\r\nconnection: close")
        });
        match asked {
            Ok(response) if response.status == 200 => Metrics::read(&response.text()),
            _ => Metrics::default(),
        }
    }

    /// Stops the host and checks its measurements.
    fn judged(self, time: Duration) -> report::Line {
        let (end, metrics) = self.end.unwrap_or((self.start, Metrics::default()));
        let seen = judge::Measurements {
            policy: self.policy,
            time,
            start: self.start,
            samples: &self.samples,
            end,
            metrics: &metrics,
        };
        let mut faults = judge::judge(&seen);
        let growth = judge::growth(&self.samples, time);
        faults.extend(self.tally.faults());
        let peak = self.server.usage().peak;
        let stopped = self.server.stop();
        for word in ["panicked", "bug in spikard-wasm"] {
            if let Some(line) = stopped.log.lines().find(|line| line.contains(word)) {
                faults.push(format!("unexpected log line: {line}"));
            }
        }
        report::Line {
            guest: self.guest,
            policy: self.policy,
            start: self.start,
            growth,
            peak,
            end,
            metrics,
            counts: self.tally.counts(),
            faults,
        }
    }
}
