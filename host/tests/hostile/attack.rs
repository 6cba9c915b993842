//! A hostile guest under load, and the checks that the host continues to work.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;
use spikard_wasm_testing::{Client, Response, Server, guest};

use crate::support::{Lane, host};

/// Maximum resident memory of a host with small guests, including the compilation of its
/// component.
pub(crate) const HOST: u64 = 192 << 20;

/// The default memory limit of an instance.
pub(crate) const INSTANCE: u64 = 512 << 20;

/// Maximum latency of a well-behaved request during an attack, on a machine that runs other
/// processes too.
const MAX_LATENCY: Duration = Duration::from_secs(5);

/// A host under attack, and another host next to it. Both receive well-behaved requests all the
/// time.
pub(crate) struct Attack {
    // Dropped before the servers that they query.
    watches: [Watch; 2],
    server: Server,
    neighbor: Server,
    before: u64,
}

/// A thread that sends the same request again and again.
struct Watch {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<AnswerSummary>>,
}

/// Summary of the answers.
#[derive(Default)]
struct AnswerSummary {
    fine: u32,
    busy: u32,
    slowest: Duration,
}

impl Attack {
    /// Serves a component that answers `/fine`.
    pub(crate) fn on(app: &Path, args: &[&str]) -> Self {
        Self::begin(app, args, false)
    }

    /// Serves the component `hostile`.
    pub(crate) fn hostile(args: &[&str]) -> Self {
        Self::on(&guest("hostile"), args)
    }

    /// As [`Attack::hostile`], for a host that may answer 503 when it is busy.
    pub(crate) fn crowded(args: &[&str]) -> Self {
        Self::begin(&guest("hostile"), args, true)
    }

    fn begin(app: &Path, args: &[&str], busy: bool) -> Self {
        let server = host().serve(Some(app)).args(args).start();
        let neighbor = Lane::Rust.serve("hello", &["--workers", "1"]);
        assert_eq!(server.client().get("/fine").status, 200);
        let before = server.open_files();
        let watches = [
            Watch::begin(server.client(), "/fine", busy),
            Watch::begin(neighbor.client(), "/hello/Ada", false),
        ];
        Self {
            server,
            neighbor,
            watches,
            before,
        }
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// Makes the guest perform an action and waits for the response.
    pub(crate) fn act(&self, target: &str, what: &str) -> Response {
        act(&self.server.client(), target, what)
    }

    /// As [`Attack::act`], from several clients concurrently.
    pub(crate) fn act_at_once(&self, clients: usize, target: &str, what: &str) -> Vec<Response> {
        thread::scope(|scope| {
            let asked: Vec<_> = (0..clients)
                .map(|_| scope.spawn(|| self.act(target, what)))
                .collect();
            let answers = asked
                .into_iter()
                .map(|asked| asked.join().expect("an answer"));
            answers.collect()
        })
    }

    /// Makes the guest send a reply.
    pub(crate) fn say(&self, what: &Value) -> Response {
        let say = what.to_string();
        self.server
            .client()
            .send("GET", "/do", &[("x-say", &say)], b"")
    }

    /// Waits until the host's memory is below a bound.
    pub(crate) fn wait_for_memory_below(&self, bound: u64) {
        let start = Instant::now();
        while self.server.rss() >= bound {
            assert!(
                start.elapsed() < MAX_LATENCY,
                "{} bytes are still resident, above the bound {bound}",
                self.server.rss()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends the attack and returns the log. Checks that all requests were answered, the host's
    /// memory never exceeded `bound`, and no files stay open.
    pub(crate) fn end(self, bound: u64) -> String {
        let Self {
            server,
            neighbor,
            watches,
            before,
        } = self;
        assert_eq!(server.client().get("/fine").status, 200);
        for watch in watches {
            watch.end();
        }
        let start = Instant::now();
        // The host notices closed connections with a delay.
        while server.open_files() > before {
            assert!(
                start.elapsed() < MAX_LATENCY,
                "{:?}, {before} before",
                server.usage()
            );
            thread::sleep(Duration::from_millis(20));
        }
        let usage = server.usage();
        println!("peak {} MiB, {usage:?}", usage.peak >> 20);
        assert!(usage.peak < bound, "{usage:?}, the bound is {bound}");
        assert!(neighbor.usage().peak < HOST, "{:?}", neighbor.usage());
        neighbor.stop();
        let log = server.stop().log;
        for word in ["panicked", "defect of spikard-wasm"] {
            assert!(!log.contains(word), "{log}");
        }
        log
    }
}

/// Makes a guest perform an action.
pub(crate) fn act(client: &Client, target: &str, what: &str) -> Response {
    client.send("GET", target, &[("x-do", what)], b"")
}

impl Watch {
    fn begin(client: Client, target: &'static str, busy: bool) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let until = over.clone();
        let thread = thread::spawn(move || {
            let mut seen = AnswerSummary::default();
            loop {
                let start = Instant::now();
                let answer = client.get(target);
                seen.slowest = seen.slowest.max(start.elapsed());
                match answer.status {
                    200 => seen.fine += 1,
                    503 if busy => seen.busy += 1,
                    _ => panic!("{target}: {} {}", answer.status, answer.text()),
                }
                if until.load(Ordering::Relaxed) {
                    break;
                }
                thread::sleep(Duration::from_millis(10));
            }
            assert!(
                busy || seen.slowest < MAX_LATENCY,
                "{target}: {:?}",
                seen.slowest
            );
            println!(
                "{target}: {} fine, {} busy, {:?}",
                seen.fine, seen.busy, seen.slowest
            );
            seen
        });
        let thread = Some(thread);
        Self { over, thread }
    }

    fn end(mut self) {
        self.over.store(true, Ordering::Relaxed);
        let seen = self.thread.take().map(JoinHandle::join);
        let seen = seen.and_then(Result::ok);
        assert!(
            seen.is_some_and(|seen| seen.fine > 0),
            "not every request was answered"
        );
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
