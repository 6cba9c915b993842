//! Binds what a handler or hook takes of its request to that one call.
//!
//! The imports of the host answer for the call in progress, whichever it is. An
//! object that outlives its call, such as a [`Request`](crate::Request) in a
//! `thread_local`, would read the next client's request through them. So each object
//! holds the number of its call, and is refused in another one.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::host;

/// The number of a call; 0 stands for no call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallId(u64);

const NONE: CallId = CallId(0);

thread_local! {
    static CURRENT: Cell<CallId> = const { Cell::new(NONE) };
}

impl CallId {
    /// The call in progress on this thread.
    pub(crate) fn current() -> Self {
        CURRENT.get()
    }

    /// Begins a call, which ends when the guard is dropped.
    pub(crate) fn enter() -> InCall {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let call = Self(NEXT.fetch_add(1, Ordering::Relaxed));
        InCall {
            outer: CURRENT.replace(call),
        }
    }

    pub(crate) fn is_current(self) -> bool {
        self == Self::current()
    }

    /// Whether the call is in progress. If another one is, that one fails: the app
    /// has mixed up two requests, and its reply may hold what belongs to neither.
    pub(crate) fn check(self, name: &str) -> bool {
        let is_current = self.is_current();
        if !is_current && Self::current() != NONE {
            let message = format!("a `{name}` was used after its call had ended; {REMEDY}");
            host::report(&message, "");
        }
        is_current
    }
}

/// What to do about an object that has outlived its call.
pub(crate) const REMEDY: &str =
    "take a new one in each handler and hook, and keep the values you need";

/// Ends a call.
pub(crate) struct InCall {
    outer: CallId,
}

impl Drop for InCall {
    fn drop(&mut self) {
        CURRENT.set(self.outer);
    }
}
