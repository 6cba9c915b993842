//! Warm instances of one component in one worker.
//!
//! A call leases an instance, which comes back only from a call that ended well:
//! an instance that trapped, ran past its deadline or whose call was dropped
//! half-way is gone with its store. Waiting calls are served first come, first
//! served. Instances are made when a call finds none idle, so their number follows
//! how many calls are under way at once, not how many requests there are.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use spikard_wasm_app::{Call, indented, one_line};
use tokio::sync::Semaphore;

use crate::call::Reply;
use crate::component::Loaded;
use crate::error::CallError;
use crate::instance::{Failure, Instance};
use crate::request::Request;

/// The instances of one component in one worker. Belongs to its thread.
pub struct Pool {
    component: Loaded,
    idle: RefCell<Vec<Instance>>,
    slots: Semaphore,
    waiting: Cell<u32>,
    queue: u32,
}

impl Pool {
    /// A pool that makes at most `instances` at once.
    #[must_use]
    pub fn new(component: Loaded, instances: u32) -> Self {
        let queue = component.limits().queue;
        Self {
            component,
            idle: RefCell::default(),
            slots: Semaphore::new(instances.max(1) as usize),
            waiting: Cell::new(0),
            queue,
        }
    }

    /// Makes one instance ahead of the first request.
    ///
    /// # Errors
    /// No instance can be made.
    pub async fn warm(&self) -> Result<(), CallError> {
        let instance = self.make().await?;
        self.idle.borrow_mut().push(instance);
        Ok(())
    }

    /// Answers one call. `request` is what the guest's imports read.
    ///
    /// `deadline` covers the wait for an instance, the making of it and the call;
    /// a guest that is on the CPU then is stopped at the next tick. Dropping the
    /// future cancels the call.
    ///
    /// # Errors
    /// The guest failed, trapped or took too long, or there is no instance for it.
    pub async fn call(
        &self,
        call: &Call,
        request: Box<dyn Request>,
        deadline: Duration,
    ) -> Result<Reply, CallError> {
        let start = Instant::now();
        let mut answer = pin!(self.answer(call, request));
        // Most calls end in the first poll, without a timer.
        let first = std::future::poll_fn(|cx| Poll::Ready(answer.as_mut().poll(cx))).await;
        if let Poll::Ready(reply) = first {
            return reply;
        }
        let until = tokio::time::Instant::from_std(start + deadline);
        tokio::time::timeout_at(until, answer)
            .await
            .unwrap_or(Err(CallError::Deadline(deadline)))
    }

    async fn answer(&self, call: &Call, request: Box<dyn Request>) -> Result<Reply, CallError> {
        let _slot = self.slot().await?;
        let idle = self.idle.borrow_mut().pop();
        let mut instance = match idle {
            Some(instance) => instance,
            None => self.make().await?,
        };
        instance.begin(request);
        let result = instance.handle(call).await;
        let failure = instance.end();
        let reply = match result {
            Ok((reply,)) => reply,
            // What a guest reports before it traps says more than its frames.
            Err(error) => {
                return Err(CallError::Trap {
                    message: failure
                        .map_or_else(|| root_cause(&error), |reported| reported.message),
                    detail: trace(&error),
                });
            }
        };
        self.idle.borrow_mut().push(instance);
        match failure {
            Some(Failure { message, detail }) => Err(CallError::Failure { message, detail }),
            None => Reply::new(reply),
        }
    }

    async fn slot(&self) -> Result<tokio::sync::SemaphorePermit<'_>, CallError> {
        if let Ok(permit) = self.slots.try_acquire() {
            return Ok(permit);
        }
        if self.waiting.get() >= self.queue {
            return Err(CallError::Overloaded);
        }
        let _place = Place::take(&self.waiting);
        self.slots
            .acquire()
            .await
            .map_err(|_| CallError::Overloaded)
    }

    async fn make(&self) -> Result<Instance, CallError> {
        let made = self.component.instantiate().await;
        made.map_err(|error| CallError::Instantiate(format!("{error:#}")))
    }
}

/// A place in the queue, given back however the wait ends.
struct Place<'a>(&'a Cell<u32>);

impl<'a> Place<'a> {
    fn take(waiting: &'a Cell<u32>) -> Self {
        waiting.set(waiting.get() + 1);
        Self(waiting)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

/// The last cause of an error: for a trap, which it was.
pub(crate) fn root_cause(error: &wasmtime::Error) -> String {
    one_line(&error.root_cause().to_string()).into_owned()
}

/// An error of the engine with its causes; a trap's has the guest's frames.
pub(crate) fn trace(error: &wasmtime::Error) -> String {
    indented(&format!("{error:#}"))
}
