//! Requests of routes that have hooks.
//!
//! The trigger leases an instance twice: for the hooks before the body, and for the rest.
//! In between the host reads the body at the client's pace, so that no instance waits for
//! a client. State that hooks and handler share belongs to the request, not the instance.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use spikard_wasm_app::{Call, Fallback, HookKind, Isolation, Refusal, Route};
use spikard_wasm_runtime::{CallError, Lease, Pool, Reply, Request as _};

use crate::failure::Failure;
use crate::metrics;
use crate::request::InFlight;
use crate::response::{self, HttpResponse};

/// The minimum time limit of `on-error` hooks, for a route whose deadline has passed.
const GRACE: Duration = Duration::from_secs(1);

/// The settings of a route with hooks, or of the requests that no route handles.
#[derive(Clone, Copy)]
pub(crate) struct HookedRoute<'a> {
    pub(crate) index: u32,
    /// `None` for requests that no route handles.
    pub(crate) route: Option<&'a Route>,
    pub(crate) settings: Fallback,
}

impl<'a> HookedRoute<'a> {
    /// Returns the settings of a route.
    pub(crate) fn new(index: u32, route: &'a Route) -> Self {
        Self {
            index,
            route: Some(route),
            settings: Fallback {
                hooks: route.hooks(),
                isolation: route.isolation(),
                timeout: route.timeout(),
                timeout_status: route.timeout_status(),
            },
        }
    }

    /// Returns the settings for requests that no route handles.
    pub(crate) fn fallback(settings: Fallback) -> Self {
        Self {
            index: Fallback::ROUTE,
            route: None,
            settings,
        }
    }

    fn name(self) -> &'a str {
        self.route.map_or(metrics::NO_ROUTE, Route::name)
    }
}

/// A request of a route with hooks.
pub(crate) struct HookedRequest<'a> {
    pub(crate) route: HookedRoute<'a>,
    pub(crate) request: &'a Arc<InFlight>,
    pool: &'a Rc<Pool>,
    check_replies: bool,
    lease: Option<Lease>,
    /// The rest of the route's time limit for the guest.
    left: Duration,
}

impl<'a> HookedRequest<'a> {
    pub(crate) fn new(
        pool: &'a Rc<Pool>,
        route: HookedRoute<'a>,
        request: &'a Arc<InFlight>,
        check_replies: bool,
    ) -> Self {
        Self {
            route,
            request,
            pool,
            check_replies,
            lease: None,
            left: route.settings.timeout,
        }
    }

    /// Runs the hooks that precede the reading of the body.
    pub(crate) async fn before_body(&mut self) -> Result<Option<Reply>, Failure> {
        for kind in [HookKind::OnRequest, HookKind::PreValidation] {
            if let Some(reply) = self.before(kind, "").await? {
                return Ok(Some(reply));
            }
        }
        self.lease = None;
        Ok(None)
    }

    /// Runs the `pre-handler` hooks and the handler.
    pub(crate) async fn handle(&mut self, call: &Call) -> Result<Reply, Failure> {
        if let Some(reply) = self.before(HookKind::PreHandler, &call.params).await? {
            return Ok(reply);
        }
        let request = self.request.clone();
        if self.route.settings.isolation == Isolation::Shared {
            // The instance of the hooks would wait together with the handler.
            self.lease = None;
            let start = Instant::now();
            let reply = self.pool.call(call, request, Isolation::Shared, self.left);
            let reply = reply.await;
            self.left = self.left.saturating_sub(start.elapsed());
            return reply.map_err(|error| self.failed(error));
        }
        self.run(async |lease| lease.handle(call, request).await)
            .await
    }

    /// Runs the hooks that follow the handler or an error, and builds the response.
    pub(crate) async fn finish(
        mut self,
        outcome: Result<Reply, Failure>,
    ) -> Result<HttpResponse, Refusal> {
        let outcome = match outcome {
            Ok(reply) => self.after(HookKind::OnResponse, "", reply).await,
            failed => failed,
        };
        match outcome.and_then(|reply| self.response(reply, self.check_replies)) {
            Ok(response) => Ok(response),
            // No instance is available for a hook either.
            Err(failed) if matches!(failed.refusal(), Refusal::Overloaded { .. }) => {
                Err(failed.into_refusal())
            }
            Err(failed) => {
                self.left = self.left.max(GRACE);
                let message = failed.message();
                let reply = response::problem(failed.into_refusal());
                let changed = self.after(HookKind::OnError, &message, reply).await;
                // The host's own errors are not among the replies that a route declares.
                let response = changed.and_then(|reply| self.response(reply, false));
                response.map_err(Failure::into_refusal)
            }
        }
    }

    fn response(&self, reply: Reply, check: bool) -> Result<HttpResponse, Failure> {
        let response = match self.route.route {
            Some(route) => response::of_route(reply, route, check),
            None => response::of_reply(reply),
        };
        response.map_err(|error| self.failed(error))
    }

    fn failed(&self, error: CallError) -> Failure {
        let settings = self.route.settings;
        let error = match error {
            // Report the route's whole limit, not the rest of it.
            CallError::Deadline(_) => CallError::Deadline(settings.timeout),
            error => error,
        };
        let name = self.route.name();
        Failure::of(error, &self.request.id, name, settings.timeout_status)
    }

    async fn before(&mut self, kind: HookKind, params: &str) -> Result<Option<Reply>, Failure> {
        let HookedRoute {
            index, settings, ..
        } = self.route;
        if !settings.hooks.has(kind) {
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
    ) -> Result<Reply, Failure> {
        let HookedRoute {
            index, settings, ..
        } = self.route;
        if !settings.hooks.has(kind) {
            return Ok(reply);
        }
        let request = self.request.clone();
        self.run(async |lease| lease.after(kind, (index, message), reply, request).await)
            .await
    }

    /// Runs calls on the leased instance, within the rest of the time limit.
    async fn run<T>(
        &mut self,
        calls: impl AsyncFnOnce(&mut Lease) -> Result<T, CallError>,
    ) -> Result<T, Failure> {
        let start = Instant::now();
        let Self { pool, lease, .. } = self;
        let (isolation, stages) = (self.route.settings.isolation, self.request.stages());
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
