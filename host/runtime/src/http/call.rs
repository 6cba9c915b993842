//! The state of a request to a `wasi:http` app, until its reply is sent and its guest has ended.
//!
//! An [`HttpCall`] is shared by the guest's store, the task that runs the guest, the body
//! of the request and the body of the reply. All of them run on one worker's thread; its
//! fields are atomic because a store may only hold values that are `Send`.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use futures_util::task::AtomicWaker;
use http::uri::Scheme;
use spikard_wasm_app::Isolation;
use wasmtime_wasi_http::WasiBody;

use super::failure::UploadError;
use crate::error::CallError;
use crate::stages::{Stages, Stamp};

/// The head of a reply, or the error code that the guest returned instead.
pub(crate) type Head = Result<http::Response<WasiBody>, String>;

/// How to answer a request.
#[derive(Debug, Clone, Copy)]
pub struct HttpOptions {
    /// The instance policy.
    pub isolation: Isolation,
    /// The time limit of the reply's head, and then of each chunk of its body.
    pub deadline: Duration,
    /// True for HEAD: the body of the reply is not sent.
    pub is_head: bool,
}

/// A request in progress.
pub struct HttpCall {
    id: u64,
    report: fn(u64, &CallError),
    depth: u32,
    scheme: Scheme,
    stages: Stages,
    head: Mutex<Option<Head>>,
    has_head: AtomicBool,
    fate: AtomicU8,
    /// The time at which a chunk of a body last passed to or from the guest.
    last_progress: AtomicU64,
    /// True while the client waits for the next chunk of the reply.
    is_reader_waiting: AtomicBool,
    /// The task that reads the reply's body.
    reader: AtomicWaker,
    /// The task that runs the guest once the head is set.
    driver: AtomicWaker,
    upload: Mutex<Option<UploadError>>,
    has_upload_error: AtomicBool,
    /// The total time that the guest has waited for the client's body.
    waited: AtomicU64,
    /// The start of the current wait for the client's body; 0 if the guest is not waiting.
    upload_wait_since: AtomicU64,
}

/// The state of a guest that has set the head of its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Fate {
    Running,
    Returned,
    /// The guest trapped or exceeded its deadline.
    Failed,
    /// The client disconnected.
    Abandoned,
}

impl HttpCall {
    /// Creates the call of a request. `id` is its id in the log, `depth` the length of the chain of
    /// apps that led to it, and `scheme` that of its connection. `report` receives errors that
    /// happen after the head of the reply.
    #[must_use]
    pub fn new(id: u64, depth: u32, scheme: Scheme, report: fn(u64, &CallError)) -> Self {
        Self {
            id,
            report,
            depth,
            scheme,
            stages: Stages::default(),
            head: Mutex::new(None),
            has_head: AtomicBool::new(false),
            fate: AtomicU8::new(Fate::Running as u8),
            last_progress: AtomicU64::new(0),
            is_reader_waiting: AtomicBool::new(false),
            reader: AtomicWaker::new(),
            driver: AtomicWaker::new(),
            upload: Mutex::new(None),
            has_upload_error: AtomicBool::new(false),
            waited: AtomicU64::new(0),
            upload_wait_since: AtomicU64::new(0),
        }
    }

    /// Returns the duration of each stage, up to the head of the reply.
    #[must_use]
    pub fn stages(&self) -> &Stages {
        &self.stages
    }

    pub(crate) fn depth(&self) -> u32 {
        self.depth
    }

    pub(crate) fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    pub(super) fn report(&self, error: &CallError) {
        (self.report)(self.id, error);
    }

    /// Sets the head of the reply. Later heads are ignored.
    pub(crate) fn set_head(&self, head: Head) {
        let mut slot = lock(&self.head);
        if slot.is_none() && !self.has_head.swap(true, Relaxed) {
            *slot = Some(head);
        }
    }

    /// Records that the guest has set the head of its reply, which travels through a channel.
    pub(crate) fn mark_answered(&self) {
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

    /// Ends the call, and wakes the tasks that wait for the guest or its reply.
    pub(super) fn end(&self, fate: Fate) {
        if self.fate() == Fate::Running {
            self.fate.store(fate as u8, Relaxed);
        }
        self.reader.wake();
        self.driver.wake();
    }

    /// Records that the client disconnected.
    pub(super) fn abandon(&self) {
        if self.fate() == Fate::Running {
            self.fate.store(Fate::Abandoned as u8, Relaxed);
            self.driver.wake();
        }
    }

    pub(super) fn register_driver(&self, waker: &Waker) {
        self.driver.register(waker);
    }

    pub(super) fn register_reader(&self, waker: &Waker) {
        self.reader.register(waker);
    }

    /// Records that a chunk of a body passed.
    pub(super) fn record_progress(&self) {
        self.last_progress.store(Stamp::now().raw(), Relaxed);
    }

    /// Records whether the client waits for a chunk of the reply.
    pub(super) fn set_reader_waiting(&self, is_reader_waiting: bool) {
        self.is_reader_waiting.store(is_reader_waiting, Relaxed);
    }

    pub(super) fn is_reader_waiting(&self) -> bool {
        self.is_reader_waiting.load(Relaxed)
    }

    /// Returns the time since the last chunk of a body; zero while the guest waits for the client's
    /// body.
    pub(super) fn since_progress(&self) -> Duration {
        match self.upload_wait_since.load(Relaxed) {
            0 => {
                let since = Stamp::from_raw(self.last_progress.load(Relaxed));
                Duration::from_nanos(Stamp::now().since(since))
            }
            _ => Duration::ZERO,
        }
    }

    /// Returns the total time that the guest has waited for the client's body.
    pub(super) fn upload_wait(&self) -> Duration {
        let now = match self.upload_wait_since.load(Relaxed) {
            0 => 0,
            since => Stamp::now().since(Stamp::from_raw(since)),
        };
        Duration::from_nanos(self.waited.load(Relaxed).saturating_add(now))
    }

    /// Returns the time since `start` that counts toward the deadline: without the wait for the
    /// client's body.
    pub(super) fn passed(&self, start: Stamp) -> Duration {
        let elapsed = Duration::from_nanos(Stamp::now().since(start));
        elapsed.saturating_sub(self.upload_wait())
    }

    /// Returns the error of a call without progress within `limit`: either the guest was too slow,
    /// or the client did not read.
    pub(super) fn stall(&self, limit: Duration) -> CallError {
        match self.is_reader_waiting() {
            true => CallError::Stalled(limit),
            false => CallError::Unread(limit),
        }
    }

    pub(super) fn begin_upload_wait(&self) {
        if self.upload_wait_since.load(Relaxed) == 0 {
            self.upload_wait_since
                .store(Stamp::now().raw().max(1), Relaxed);
        }
    }

    pub(super) fn end_upload_wait(&self) {
        let waited = self.upload_wait().as_nanos() as u64;
        self.upload_wait_since.store(0, Relaxed);
        self.waited.store(waited, Relaxed);
        self.record_progress();
    }

    /// Rejects the body of the request.
    pub(super) fn reject_upload(&self, why: UploadError) {
        *lock(&self.upload) = Some(why);
        self.has_upload_error.store(true, Relaxed);
        self.driver.wake();
    }

    pub(super) fn is_upload_rejected(&self) -> bool {
        self.has_upload_error.load(Relaxed)
    }

    pub(super) fn take_upload_error(&self) -> Option<UploadError> {
        lock(&self.upload).take()
    }
}

/// Locks a mutex that only one thread uses.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
