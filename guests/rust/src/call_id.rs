//! Ties the objects of a request to one call of a handler or hook.
//!
//! The host's imports always answer for the call in progress. An object that outlives its
//! call, such as a [`Request`](crate::Request) in a `thread_local`, would read the request
//! of the next client. Each such object therefore stores the number of its call and checks
//! it before it asks the host.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::task::report;

/// The number of a call; 0 means no call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallId(u64);

const NONE: CallId = CallId(0);

thread_local! {
    static CURRENT: Cell<CallId> = const { Cell::new(NONE) };
}

impl CallId {
    /// Returns the call in progress on this thread.
    pub(crate) fn current() -> Self {
        CURRENT.get()
    }

    /// Begins a call, which ends when the guard is dropped.
    pub(crate) fn enter() -> CallGuard {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let call = Self(NEXT.fetch_add(1, Ordering::Relaxed));
        CallGuard {
            outer: CURRENT.replace(call),
        }
    }

    /// Continues the call, until the guard is dropped.
    pub(crate) fn resume(self) -> CallGuard {
        CallGuard {
            outer: CURRENT.replace(self),
        }
    }

    pub(crate) fn is_current(self) -> bool {
        self == Self::current()
    }

    /// Returns true if the call is in progress. If another call is in progress, reports a
    /// failure for that call: the app has mixed up two requests, so its reply may be wrong.
    pub(crate) fn check(self, name: &str) -> bool {
        let is_current = self.is_current();
        if !is_current && Self::current() != NONE {
            let message = format!("a `{name}` was used after its call had ended; {REMEDY}");
            report(&message, "");
        }
        is_current
    }
}

/// The remedy in errors about an object that outlived its call.
pub(crate) const REMEDY: &str =
    "take a new one in each handler and hook, and keep the values you need";

/// Ends its call when it is dropped.
pub(crate) struct CallGuard {
    outer: CallId,
}

impl Drop for CallGuard {
    fn drop(&mut self) {
        CURRENT.set(self.outer);
    }
}
