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
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use spikard_wasm_app::{Call, HookKind, indented, one_line};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::call::{Content, Reply};
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
        request: Arc<dyn Request>,
        deadline: Duration,
    ) -> Result<Reply, CallError> {
        within(deadline, async {
            self.lease().await?.handle(call, request).await
        })
        .await
    }

    /// Leases an instance for several calls about one request, in the order of the
    /// queue. Put it and its calls under a deadline with [`within`].
    ///
    /// # Errors
    /// As many calls wait for an instance as may.
    pub async fn lease(&self) -> Result<Lease<'_>, CallError> {
        let slot = self.slot().await?;
        Ok(Lease {
            instance: self.idle.borrow_mut().pop(),
            pool: self,
            _slot: slot,
        })
    }

    async fn slot(&self) -> Result<SemaphorePermit<'_>, CallError> {
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

/// An instance for the time of a request, or the right to make one. An instance that
/// trapped, or whose call was dropped half-way, is replaced at the next call.
pub struct Lease<'a> {
    instance: Option<Instance>,
    pool: &'a Pool,
    _slot: SemaphorePermit<'a>,
}

impl Lease<'_> {
    /// Calls the handler.
    ///
    /// # Errors
    /// The guest failed or trapped, or its reply cannot be read.
    pub async fn handle(
        &mut self,
        call: &Call,
        request: Arc<dyn Request>,
    ) -> Result<Reply, CallError> {
        let mut instance = self.begin(request).await?;
        let result = instance.handle(call).await;
        let (reply,) = self.end(instance, result)?;
        Reply::new(reply)
    }

    /// Runs the hooks of a kind that comes before the handler. A reply ends the
    /// request. `params` is for `pre-handler` alone.
    ///
    /// # Errors
    /// As [`Lease::handle`].
    pub async fn before(
        &mut self,
        kind: HookKind,
        (route, params): (u32, &str),
        request: Arc<dyn Request>,
    ) -> Result<Option<Reply>, CallError> {
        let Some(exports) = self.pool.component.hooks() else {
            return Ok(None);
        };
        let mut instance = self.begin(request).await?;
        let result = instance.before(exports, kind, route, params).await;
        let early = self.end(instance, result)?;
        early.map(Reply::new).transpose()
    }

    /// Runs the hooks of a kind that comes after the handler, and returns the reply
    /// as they left it. `message` is for `on-error` alone.
    ///
    /// # Errors
    /// As [`Lease::handle`].
    pub async fn after(
        &mut self,
        kind: HookKind,
        (route, message): (u32, &str),
        mut reply: Reply,
        request: Arc<dyn Request>,
    ) -> Result<Reply, CallError> {
        let Some(exports) = self.pool.component.hooks() else {
            return Ok(reply);
        };
        let mut instance = self.begin(request).await?;
        let headers = reply.headers_text();
        instance.lend(std::mem::replace(&mut reply.content, Content::Empty));
        let head = (reply.status, headers.as_str());
        let result = instance.after(exports, kind, route, head, message).await;
        reply.content = instance.take_back();
        let change = self.end(instance, result)?;
        reply.changed(change)
    }

    async fn begin(&mut self, request: Arc<dyn Request>) -> Result<Instance, CallError> {
        let mut instance = match self.instance.take() {
            Some(instance) => instance,
            None => self.pool.make().await?,
        };
        instance.begin(request);
        Ok(instance)
    }

    /// Keeps the instance of a call that ended well.
    fn end<T>(
        &mut self,
        mut instance: Instance,
        result: wasmtime::Result<T>,
    ) -> Result<T, CallError> {
        let failure = instance.end();
        let value = match result {
            Ok(value) => value,
            // What a guest reports before it traps says more than its frames.
            Err(error) => {
                return Err(CallError::Trap {
                    message: failure
                        .map_or_else(|| root_cause(&error), |reported| reported.message),
                    detail: trace(&error),
                });
            }
        };
        self.instance = Some(instance);
        match failure {
            Some(Failure { message, detail }) => Err(CallError::Failure { message, detail }),
            None => Ok(value),
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(instance) = self.instance.take() {
            self.pool.idle.borrow_mut().push(instance);
        }
    }
}

/// Gives up calls that run past a deadline.
///
/// # Errors
/// Those of the calls, and [`CallError::Deadline`].
pub async fn within<T>(
    deadline: Duration,
    calls: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    let start = Instant::now();
    let mut calls = pin!(calls);
    // Most calls end in the first poll, without a timer.
    let first = std::future::poll_fn(|cx| Poll::Ready(calls.as_mut().poll(cx))).await;
    if let Poll::Ready(result) = first {
        return result;
    }
    let until = tokio::time::Instant::from_std(start + deadline);
    tokio::time::timeout_at(until, calls)
        .await
        .unwrap_or(Err(CallError::Deadline(deadline)))
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
