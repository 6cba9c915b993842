//! An instance for the time of a request.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use spikard_wasm_app::{Call, HookKind, Isolation};
use tokio::sync::SemaphorePermit;

use super::instances::Pool;
use crate::error::{CallError, root_cause, trace};
use crate::instance::Instance;
use crate::reply::{Content, Reply};
use crate::request::Request;
use crate::stages::{Stage, Stages, Stamp};
use crate::state::Failure;
use crate::stats::Recycled;

/// An instance for the time of a request, or the right to make one. An instance that
/// trapped, or whose call was dropped half-way, is replaced at the next call.
pub struct Lease<'a> {
    instance: Option<Instance>,
    isolation: Isolation,
    pool: &'a Pool,
    _slot: SemaphorePermit<'a>,
}

impl Pool {
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
        isolation: Isolation,
        deadline: Duration,
    ) -> Result<Reply, CallError> {
        let calls = async {
            let mut lease = self.lease(isolation, request.stages()).await?;
            lease.handle(call, request).await
        };
        self.within_pinned(deadline, pin!(Some(calls))).await
    }

    /// Leases an instance for several calls about one request, in the order of the
    /// queue. Put it and its calls under a deadline with [`Pool::within`].
    ///
    /// # Errors
    /// As many calls wait for an instance as may, or it has waited for too long.
    pub async fn lease(
        &self,
        isolation: Isolation,
        stages: &Stages,
    ) -> Result<Lease<'_>, CallError> {
        let slot = match self.slots.try_acquire() {
            Ok(slot) => slot,
            Err(_) => self.wait(stages).await?,
        };
        Ok(Lease::new(self, isolation, slot))
    }
}

impl<'a> Lease<'a> {
    pub(super) fn new(pool: &'a Pool, isolation: Isolation, slot: SemaphorePermit<'a>) -> Self {
        pool.stats.leased_by(1);
        Self {
            instance: pool.shelf.take(isolation),
            isolation,
            pool,
            _slot: slot,
        }
    }

    /// Calls the handler.
    ///
    /// # Errors
    /// The guest failed or trapped, or its reply cannot be read.
    pub async fn handle(
        &mut self,
        call: &Call,
        request: Arc<dyn Request>,
    ) -> Result<Reply, CallError> {
        let mut running = self.begin(&request).await?;
        let stages = request.stages();
        let start = Stamp::now();
        stages.enter(start);
        let result = running.instance()?.handle(call, stages).await;
        stages.add(Stage::Enter, stages.entered().since(start));
        let (reply, returned) = match result {
            Ok((reply, returned)) => (Ok(reply), returned),
            Err(error) => (Err(error), Stamp::now()),
        };
        running.attribute(returned);
        let limits = self.pool.component.limits();
        let reply = self.end(running, reply);
        let reply = reply.and_then(|reply| Reply::within(reply, &limits));
        stages.add(Stage::Leave, Stamp::now().since(returned));
        reply
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
        let mut running = self.begin(&request).await?;
        running.stages.enter(Stamp::now());
        let result = running
            .instance()?
            .before(exports, kind, route, params)
            .await;
        running.attribute(Stamp::now());
        let early = self.end(running, result)?;
        let limits = self.pool.component.limits();
        early.map(|reply| Reply::within(reply, &limits)).transpose()
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
        let mut running = self.begin(&request).await?;
        running.stages.enter(Stamp::now());
        let headers = reply.headers_text();
        let instance = running.instance()?;
        instance.lend(std::mem::replace(&mut reply.content, Content::Empty));
        let head = (reply.status, headers.as_str());
        let result = instance.after(exports, kind, route, head, message).await;
        reply.content = instance.take_back();
        running.attribute(Stamp::now());
        let change = self.end(running, result)?;
        reply.changed(change, &self.pool.component.limits())
    }

    async fn begin<'r>(
        &mut self,
        request: &'r Arc<dyn Request>,
    ) -> Result<Running<'a, 'r>, CallError> {
        let pool = self.pool;
        let mut instance = match self.instance.take() {
            Some(instance) => instance,
            None => {
                let start = Stamp::now();
                let made = pool.make().await;
                let stages = request.stages();
                stages.add(Stage::Instance, Stamp::now().since(start));
                made?
            }
        };
        instance.begin(request.clone());
        Ok(Running {
            instance: Some(instance),
            yielded: request.stages().nanos(Stage::Yield),
            stages: request.stages(),
            pool,
        })
    }

    /// Keeps the instance of a call that ended well.
    fn end<T>(
        &mut self,
        mut running: Running<'_, '_>,
        result: wasmtime::Result<T>,
    ) -> Result<T, CallError> {
        let mut instance = running.instance.take().ok_or_else(gone)?;
        let failure = instance.end();
        let value = match result {
            Ok(value) => value,
            // What a guest reports before it traps says more than its frames.
            Err(error) => {
                self.pool.discard(instance, Recycled::Trap);
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
        self.pool.stats.leased_by(-1);
        if let Some(instance) = self.instance.take() {
            self.pool.give_back(instance, self.isolation);
        }
    }
}

/// An instance in a call. Dropped with the call, it is lost.
struct Running<'a, 'r> {
    instance: Option<Instance>,
    stages: &'r Stages,
    /// How long the request had yielded before.
    yielded: u64,
    pool: &'a Pool,
}

impl Running<'_, '_> {
    fn instance(&mut self) -> Result<&mut Instance, CallError> {
        self.instance.as_mut().ok_or_else(gone)
    }

    fn attribute(&self, until: Stamp) {
        if let Some(instance) = &self.instance {
            instance.attribute(self.stages, self.yielded, until);
        }
    }
}

impl Drop for Running<'_, '_> {
    fn drop(&mut self) {
        self.attribute(Stamp::now());
        if let Some(instance) = self.instance.take() {
            self.pool.discard(instance, self.pool.dropped_for.get());
        }
    }
}

/// A call has its instance until it ends.
fn gone() -> CallError {
    CallError::Instantiate("the instance of this call is gone".to_owned())
}
