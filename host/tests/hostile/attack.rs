//! A hostile guest that is served, and what must go on meanwhile.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;
use spikard_wasm_testing::{Client, Response, Server, guest};

use crate::support::{Lane, host};

/// The memory of a host whose guests are small, also of one that has just compiled
/// its component.
pub(crate) const HOST: u64 = 192 << 20;

/// The default limit on the memory of an instance.
pub(crate) const INSTANCE: u64 = 512 << 20;

/// The longest that a well-behaved request may take meanwhile, on a machine that
/// does other things as well.
const PATIENCE: Duration = Duration::from_secs(5);

/// A host under attack, with a host of another app beside it. Both are asked for
/// what they do well, all the time.
pub(crate) struct Attack {
    // They end before what they ask.
    watches: [Watch; 2],
    server: Server,
    beside: Server,
    before: u64,
}

/// Asks for one thing again and again.
struct Watch {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<Seen>>,
}

/// What the answers were.
#[derive(Default)]
struct Seen {
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

    /// As [`Attack::hostile`], where the host may say 503 when it is busy.
    pub(crate) fn crowded(args: &[&str]) -> Self {
        Self::begin(&guest("hostile"), args, true)
    }

    fn begin(app: &Path, args: &[&str], busy: bool) -> Self {
        let server = host().serve(Some(app)).args(args).start();
        let beside = Lane::Rust.serve("hello", &["--workers", "1"]);
        assert_eq!(server.client().get("/fine").status, 200);
        let before = server.open_files();
        let watches = [
            Watch::begin(server.client(), "/fine", busy),
            Watch::begin(beside.client(), "/hello/Ada", false),
        ];
        Self {
            server,
            beside,
            watches,
            before,
        }
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// Asks the guest to do something, and waits for the answer.
    pub(crate) fn act(&self, target: &str, what: &str) -> Response {
        act(&self.server.client(), target, what)
    }

    /// As [`Attack::act`], from several clients at once.
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

    /// Asks the guest for a reply.
    pub(crate) fn say(&self, what: &Value) -> Response {
        let say = what.to_string();
        self.server
            .client()
            .send("GET", "/do", &[("x-say", &say)], b"")
    }

    /// Waits until the host's memory is below a bound.
    pub(crate) fn settles_below(&self, bound: u64) {
        let start = Instant::now();
        while self.server.rss() >= bound {
            assert!(
                start.elapsed() < PATIENCE,
                "{} bytes are still resident, and {bound} were to be",
                self.server.rss()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it and checks that all went on; the host's memory never passed `bound`,
    /// and no file stays open. Gives the log.
    pub(crate) fn end(self, bound: u64) -> String {
        let Self {
            server,
            beside,
            watches,
            before,
        } = self;
        assert_eq!(server.client().get("/fine").status, 200);
        for watch in watches {
            watch.end();
        }
        let start = Instant::now();
        // Closed connections are noticed a moment later.
        while server.open_files() > before {
            assert!(
                start.elapsed() < PATIENCE,
                "{:?}, {before} before",
                server.usage()
            );
            thread::sleep(Duration::from_millis(20));
        }
        let usage = server.usage();
        println!("peak {} MiB, {usage:?}", usage.peak >> 20);
        assert!(usage.peak < bound, "{usage:?}, the bound is {bound}");
        assert!(beside.usage().peak < HOST, "{:?}", beside.usage());
        beside.stop();
        let log = server.stop().log;
        for word in ["panicked", "defect of spikard-wasm"] {
            assert!(!log.contains(word), "{log}");
        }
        log
    }
}

/// Asks a guest to do something.
pub(crate) fn act(client: &Client, target: &str, what: &str) -> Response {
    client.send("GET", target, &[("x-do", what)], b"")
}

impl Watch {
    fn begin(client: Client, target: &'static str, busy: bool) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let until = over.clone();
        let thread = thread::spawn(move || {
            let mut seen = Seen::default();
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
                busy || seen.slowest < PATIENCE,
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
