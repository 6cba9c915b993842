//! Background work.

use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::current::{Current, Mode, block_on};
use super::executor;
use super::job::Job;

/// Runs a future in the background, within the current request. It runs on after the reply.
///
/// It starts when the handler returns or waits, before the host sends the reply, and runs until it
/// waits for the first time. The host ends it at the deadline of the request, or when the client
/// disconnects before the reply.
///
/// ```
/// use std::time::Duration;
/// use spikard_wasm_sdk::{post, sleep, spawn};
///
/// #[post("/orders", status = 202)]
/// async fn order() -> &'static str {
///     spawn(async {
///         sleep(Duration::from_millis(50)).await;
///         // Send the confirmation.
///     });
///     "accepted"
/// }
/// ```
pub fn spawn<T: 'static>(future: impl Future<Output = T> + 'static) -> JoinHandle<T> {
    let shared = Rc::new(RefCell::new(Shared {
        output: None,
        waker: None,
        ended: false,
    }));
    // Dropped with the future, so that a job that is aborted or cancelled tells its handle.
    let end = End(shared.clone());
    let number = executor::add(Job::Background(Box::pin(async move {
        let end = end;
        let output = future.await;
        end.0.borrow_mut().output = Some(output);
    })));
    JoinHandle { shared, number }
}

struct Shared<T> {
    output: Option<T>,
    waker: Option<Waker>,
    ended: bool,
}

struct End<T>(Rc<RefCell<Shared<T>>>);

impl<T> Drop for End<T> {
    fn drop(&mut self) {
        let mut shared = self.0.borrow_mut();
        shared.ended = true;
        let waker = shared.waker.take();
        drop(shared);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The handle of background work. Await it to get the result. To drop it does not end the work.
pub struct JoinHandle<T> {
    shared: Rc<RefCell<Shared<T>>>,
    number: u64,
}

impl<T> JoinHandle<T> {
    /// Drops the future if it has not ended.
    pub fn abort(&self) {
        executor::abort(self.number);
    }

    /// Returns true if the work has ended or was aborted.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.shared.borrow().ended
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, Aborted>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut shared = self.shared.borrow_mut();
        if shared.ended {
            return Poll::Ready(shared.output.take().ok_or(Aborted));
        }
        shared.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ended = self.is_finished();
        f.debug_struct("JoinHandle").field("ended", &ended).finish()
    }
}

/// The background work was aborted, or its request was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Aborted;

impl fmt::Display for Aborted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the background work was aborted, or its request was cancelled")
    }
}

impl Error for Aborted {}

/// Runs the cleanup of something that is dropped: in the background, or at once in blocking code.
pub(crate) fn clean_up(work: impl Future<Output = ()> + 'static) {
    match Current::get().mode {
        Mode::Suspend => drop(spawn(work)),
        Mode::Block => block_on(work),
        Mode::Outside => {}
    }
}
