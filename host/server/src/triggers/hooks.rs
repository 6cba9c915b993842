//! The way of a request whose route has hooks.
//!
//! An instance is leased twice: for the hooks before the body, and for the rest. In
//! between the body is read, at the client's pace, and no instance waits for a client.
//! What hooks and handler share is in the request, not in an instance.

use std::sync::Arc;
use std::time::{Duration, Instant};

use spikard_wasm_app::{Call, HookKind, Refusal, Route};
use spikard_wasm_runtime::{CallError, Lease, Pool, Reply, Request as _};

use crate::failure::Failed;
use crate::request::InFlight;
use crate::response::{self, HttpResponse};

/// How long `on-error` hooks may take when the route's own time is over.
const GRACE: Duration = Duration::from_secs(1);

/// A request on its way through hooks.
pub(crate) struct Hooked<'a> {
    pub(crate) route: (u32, &'a Route),
    pub(crate) request: &'a Arc<InFlight>,
    pool: &'a Pool,
    check_replies: bool,
    lease: Option<Lease<'a>>,
    /// What is left of the route's deadline for the guest.
    left: Duration,
}

impl<'a> Hooked<'a> {
    pub(crate) fn new(
        pool: &'a Pool,
        route: (u32, &'a Route),
        request: &'a Arc<InFlight>,
        check_replies: bool,
    ) -> Self {
        Self {
            route,
            request,
            pool,
            check_replies,
            lease: None,
            left: route.1.timeout(),
        }
    }

    /// Runs the hooks that come before the body.
    pub(crate) async fn before_body(&mut self) -> Result<Option<Reply>, Failed> {
        for kind in [HookKind::OnRequest, HookKind::PreValidation] {
            if let Some(reply) = self.before(kind, "").await? {
                return Ok(Some(reply));
            }
        }
        self.lease = None;
        Ok(None)
    }

    /// Runs what is left before the handler, and the handler.
    pub(crate) async fn handle(&mut self, call: &Call) -> Result<Reply, Failed> {
        if let Some(reply) = self.before(HookKind::PreHandler, &call.params).await? {
            return Ok(reply);
        }
        let request = self.request.clone();
        self.run(async |lease| lease.handle(call, request).await)
            .await
    }

    /// Runs the hooks that come after the handler, or after what went wrong, and
    /// makes the response.
    pub(crate) async fn finish(
        mut self,
        outcome: Result<Reply, Failed>,
    ) -> Result<HttpResponse, Refusal> {
        let outcome = match outcome {
            Ok(reply) => self.after(HookKind::OnResponse, "", reply).await,
            failed => failed,
        };
        match outcome.and_then(|reply| self.response(reply, self.check_replies)) {
            Ok(response) => Ok(response),
            // There is no instance for a hook either.
            Err(failed) if matches!(failed.refusal(), Refusal::Overloaded { .. }) => {
                Err(failed.into_refusal())
            }
            Err(failed) => {
                self.left = self.left.max(GRACE);
                let message = failed.message();
                let reply = response::problem(failed.into_refusal());
                let changed = self.after(HookKind::OnError, &message, reply).await;
                // It is the host's error that a hook may have changed, which no route
                // declares.
                let response = changed.and_then(|reply| self.response(reply, false));
                response.map_err(Failed::into_refusal)
            }
        }
    }

    fn response(&self, reply: Reply, check: bool) -> Result<HttpResponse, Failed> {
        let (_, route) = self.route;
        response::of_route(reply, route, check).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: CallError) -> Failed {
        let (_, route) = self.route;
        let error = match error {
            // Not what was left of it.
            CallError::Deadline(_) => CallError::Deadline(route.timeout()),
            error => error,
        };
        Failed::of_call(error, &self.request.id, route)
    }

    async fn before(&mut self, kind: HookKind, params: &str) -> Result<Option<Reply>, Failed> {
        let (index, route) = self.route;
        if !route.hooks().has(kind) {
            return Ok(None);
        }
        let request = self.request.clone();
        self.run(async |lease| lease.before(kind, (index, params), request).await)
            .await
    }

    async fn after(
        &mut self,
        kind: HookKind,
        message: &str,
        reply: Reply,
    ) -> Result<Reply, Failed> {
        let (index, route) = self.route;
        if !route.hooks().has(kind) {
            return Ok(reply);
        }
        let request = self.request.clone();
        self.run(async |lease| lease.after(kind, (index, message), reply, request).await)
            .await
    }

    /// Runs calls in the leased instance, within what is left of the deadline.
    async fn run<T>(
        &mut self,
        calls: impl AsyncFnOnce(&mut Lease<'a>) -> Result<T, CallError>,
    ) -> Result<T, Failed> {
        let start = Instant::now();
        let Self { pool, lease, .. } = self;
        let (isolation, stages) = (self.route.1.isolation(), self.request.stages());
        let result = pool
            .within(self.left, async {
                let lease = match lease {
                    Some(lease) => lease,
                    None => lease.insert(pool.lease(isolation, stages).await?),
                };
                calls(lease).await
            })
            .await;
        self.left = self.left.saturating_sub(start.elapsed());
        result.map_err(|error| self.failed(error))
    }
}
