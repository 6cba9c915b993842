//! A request of an app for `wasi:http`, until its reply is sent and its guest is done.
//!
//! All of it happens on the thread of one worker; what is atomic here is so since a
//! store may only hold what could go to another.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use spikard_wasm_app::Isolation;
use wasmtime_wasi_http::WasiBody;

use super::failure::UploadError;
use crate::error::CallError;
use crate::stages::{Stages, Stamp};

/// The head of a reply, or why the guest gave none.
pub(crate) type Head = Result<http::Response<WasiBody>, String>;

/// What is to be done about a request.
#[derive(Debug, Clone, Copy)]
pub struct HttpOptions {
    /// Whether its instance may serve others.
    pub isolation: Isolation,
    /// How long the head of the reply may take, and then each piece of its body.
    pub deadline: Duration,
    /// Whether the body of the reply is sent; not to HEAD.
    pub is_head: bool,
}

/// A request in progress.
pub struct HttpCall {
    id: u64,
    report: fn(u64, &CallError),
    depth: u32,
    stages: Stages,
    head: Mutex<Option<Head>>,
    has_head: AtomicBool,
    fate: AtomicU8,
    /// When a piece of a body was last taken from the guest, or given to it.
    moved: AtomicU64,
    /// The client is ready for the next piece of the reply.
    is_wanted: AtomicBool,
    /// What waits for the reply's body.
    reader: AtomicWaker,
    /// What runs the guest, once the head is there.
    driver: AtomicWaker,
    upload: Mutex<Option<UploadError>>,
    has_upload_error: AtomicBool,
    /// How long the guest waited for the client's body, and since when it does.
    waited: AtomicU64,
    waits_since: AtomicU64,
}

/// What became of a guest whose head is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Fate {
    Running,
    Returned,
    /// It trapped, or was late.
    Failed,
    /// Nobody wants the reply any more.
    Abandoned,
}

impl HttpCall {
    /// A request of this number in the log, for which so many apps have called one
    /// another. `report` is told what goes wrong after the head of the reply is there.
    #[must_use]
    pub fn new(id: u64, depth: u32, report: fn(u64, &CallError)) -> Self {
        Self {
            id,
            report,
            depth,
            stages: Stages::default(),
            head: Mutex::new(None),
            has_head: AtomicBool::new(false),
            fate: AtomicU8::new(Fate::Running as u8),
            moved: AtomicU64::new(0),
            is_wanted: AtomicBool::new(false),
            reader: AtomicWaker::new(),
            driver: AtomicWaker::new(),
            upload: Mutex::new(None),
            has_upload_error: AtomicBool::new(false),
            waited: AtomicU64::new(0),
            waits_since: AtomicU64::new(0),
        }
    }

    /// Where its time goes, until the head of the reply is there.
    #[must_use]
    pub fn stages(&self) -> &Stages {
        &self.stages
    }

    pub(crate) fn depth(&self) -> u32 {
        self.depth
    }

    pub(super) fn report(&self, error: &CallError) {
        (self.report)(self.id, error);
    }

    /// The guest says what the head is. What it says after the first time is not heard.
    pub(crate) fn answer(&self, head: Head) {
        let mut kept = lock(&self.head);
        if kept.is_none() && !self.has_head.swap(true, Relaxed) {
            *kept = Some(head);
        }
    }

    /// The guest has said what the head is, to whom it may concern.
    pub(crate) fn has_answered(&self) {
        self.has_head.store(true, Relaxed);
    }

    pub(super) fn has_head(&self) -> bool {
        self.has_head.load(Relaxed)
    }

    pub(super) fn take_head(&self) -> Option<Head> {
        lock(&self.head).take()
    }

    pub(super) fn fate(&self) -> Fate {
        match self.fate.load(Relaxed) {
            0 => Fate::Running,
            1 => Fate::Returned,
            2 => Fate::Failed,
            _ => Fate::Abandoned,
        }
    }

    /// Says what became of the guest, to whoever waits for its reply.
    pub(super) fn ended(&self, fate: Fate) {
        if self.fate() == Fate::Running {
            self.fate.store(fate as u8, Relaxed);
        }
        self.reader.wake();
        self.driver.wake();
    }

    /// Says that nobody wants the reply any more.
    pub(super) fn abandon(&self) {
        if self.fate() == Fate::Running {
            self.fate.store(Fate::Abandoned as u8, Relaxed);
            self.driver.wake();
        }
    }

    pub(super) fn wakes_driver(&self, waker: &Waker) {
        self.driver.register(waker);
    }

    pub(super) fn wakes_reader(&self, waker: &Waker) {
        self.reader.register(waker);
    }

    /// A piece of a body went through.
    pub(super) fn moves(&self) {
        self.moved.store(Stamp::now().raw(), Relaxed);
    }

    /// Whether the client waits for a piece of the reply.
    pub(super) fn wants(&self, is_wanted: bool) {
        self.is_wanted.store(is_wanted, Relaxed);
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.is_wanted.load(Relaxed)
    }

    /// How long the guest had nothing to wait for but itself, since a piece of a body
    /// went through.
    pub(super) fn still(&self) -> Duration {
        match self.waits_since.load(Relaxed) {
            0 => {
                let since = Stamp::from_raw(self.moved.load(Relaxed));
                Duration::from_nanos(Stamp::now().since(since))
            }
            _ => Duration::ZERO,
        }
    }

    /// How long it waited for the body of the request.
    pub(super) fn waited(&self) -> Duration {
        let now = match self.waits_since.load(Relaxed) {
            0 => 0,
            since => Stamp::now().since(Stamp::from_raw(since)),
        };
        Duration::from_nanos(self.waited.load(Relaxed).saturating_add(now))
    }

    pub(super) fn waits(&self) {
        if self.waits_since.load(Relaxed) == 0 {
            self.waits_since.store(Stamp::now().raw().max(1), Relaxed);
        }
    }

    pub(super) fn waits_no_more(&self) {
        let waited = self.waited().as_nanos() as u64;
        self.waits_since.store(0, Relaxed);
        self.waited.store(waited, Relaxed);
        self.moves();
    }

    /// The body of the request cannot be taken.
    pub(super) fn refuse(&self, why: UploadError) {
        *lock(&self.upload) = Some(why);
        self.has_upload_error.store(true, Relaxed);
        self.driver.wake();
    }

    pub(super) fn is_refused(&self) -> bool {
        self.has_upload_error.load(Relaxed)
    }

    pub(super) fn refusal(&self) -> Option<UploadError> {
        lock(&self.upload).take()
    }
}

/// A lock that nobody else waits for.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A timer that rings when something has lasted for too long, which may begin anew in
/// the meantime: it is set again only when it rings too early.
#[derive(Default)]
pub(super) struct Patience(Option<std::pin::Pin<Box<tokio::time::Sleep>>>);

impl Patience {
    /// Ready once `lasted` is no less than `most`.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        most: Duration,
        lasted: impl Fn() -> Duration,
    ) -> Poll<()> {
        loop {
            let left = most.saturating_sub(lasted());
            let timer = match &mut self.0 {
                None if left.is_zero() => return Poll::Ready(()),
                None => self.0.insert(Box::pin(tokio::time::sleep(left))),
                Some(timer) => timer,
            };
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.0 = None;
            // Its wheel turns by the millisecond.
            if most.saturating_sub(lasted()) < Duration::from_millis(1) {
                return Poll::Ready(());
            }
        }
    }
}
