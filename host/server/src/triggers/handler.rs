//! Requests to a handler: an app that exports the `handler` interface.
//!
//! [`Handler::answer`] runs these steps in this order:
//!
//! 1. a CORS preflight is answered by the policy of the route that it asks about;
//! 2. the router finds the route; it reads no parameters yet;
//! 3. the route's policies begin, so that every later response has their headers;
//! 4. admission: `--max-in-flight` (503), rate limit (429), token and key (401, 403);
//! 5. the host's own pages and static files answer paths without a route;
//! 6. hooks `on-request` and `pre-validation` run;
//! 7. the host reads the body (413, 408), parses it, and checks parameters and body
//!    together (400, 415, 422);
//! 8. hook `pre-handler`, the handler, and hooks `on-response` or `on-error` run.
//!
//! The `on-error` hooks also run if step 2 or 4 rejects the request, except for 503.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::{ACCESS_CONTROL_REQUEST_METHOD, CONTENT_ENCODING, CONTENT_TYPE};
use hyper::http::request::Parts;
use spikard_wasm_app::policy::Policies;
use spikard_wasm_app::{App, Call, Hit, HookKind, RawPath, Refusal, Route};
use spikard_wasm_runtime::Reply;

use super::builtin::Builtin;
use super::hooks::{HookedRequest, HookedRoute};
use crate::body::RequestBody;
use crate::exchange::{Desk, Exchange, Trigger, Work};
use crate::failure::Failure;
use crate::hosted_app::HostedApp;
use crate::policy::{self, Passage, StaticFiles};
use crate::request::{Head, InFlight};
use crate::response::{self, HttpResponse};
use crate::warm_pool::WarmPool;

/// A handler app in one worker.
pub(crate) struct Handler {
    desk: Rc<Desk>,
    /// The path prefix that the app is mounted at.
    prefix: String,
    app: Arc<App>,
    pool: WarmPool,
    files: StaticFiles,
    builtin: Builtin,
    body_timeout: Duration,
    check_replies: bool,
    /// True if the `on-error` hooks also run for requests that no route handles or a policy
    /// rejects. Components built before `resumable` existed do not expect them.
    reports_all_errors: bool,
}

/// The router's result for a request.
enum RoutingResult<'a> {
    /// A route with its index, and the text of its path parameters.
    Route(u32, &'a Route, RawPath),
    /// A path without a route in a folder of static files.
    File,
    /// OPTIONS for a path whose routes do not declare it, and the value of `Allow`.
    Options(&'a str),
    /// A response of the host itself.
    Reply(HttpResponse),
}

impl Handler {
    pub(crate) fn new(
        hosted: &HostedApp,
        desk: Rc<Desk>,
        builtin: Builtin,
        pool: WarmPool,
    ) -> Self {
        let settings = &hosted.settings;
        Self {
            desk,
            prefix: hosted.mount.prefix().to_owned(),
            app: hosted.app.clone(),
            pool,
            files: hosted.files.clone(),
            builtin,
            body_timeout: settings.body_timeout,
            check_replies: settings.check_replies,
            reports_all_errors: hosted.component.interfaces().exports_resumable(),
        }
    }

    /// Returns the app's instances.
    pub(crate) fn pool(&self) -> &WarmPool {
        &self.pool
    }

    /// Runs a route's early hooks, its checks and its handler.
    async fn answer_hooked(
        &self,
        hooked: &mut HookedRequest<'_>,
        path: &RawPath,
        body: &mut RequestBody,
    ) -> Result<Reply, Failure> {
        if let Some(reply) = hooked.before_body().await? {
            return Ok(reply);
        }
        let HookedRoute { index, route, .. } = hooked.route;
        // Only requests of a route have a handler.
        let route = route.ok_or(Refusal::NotFound)?;
        let call = self
            .check((index, route), path, body, hooked.request)
            .await?;
        hooked.handle(&call).await
    }

    /// Runs the `on-error` hooks for a request that was rejected before the hooks of its route,
    /// or that has no route.
    async fn refuse<'a>(
        &'a self,
        refusal: Refusal,
        target: HookedRoute<'a>,
        parts: Parts,
        exchange: &mut Exchange<'a>,
    ) -> Result<HttpResponse, Refusal> {
        let has_hook = target.settings.hooks.has(HookKind::OnError);
        if !has_hook || !self.reports_all_errors {
            return Err(refusal);
        }
        let request = begin(parts, exchange);
        let hooked = HookedRequest::new(&self.pool, target, &request, self.check_replies);
        let answer = Box::pin(hooked.finish(Err(refusal.into()))).await;
        exchange.mark_replied();
        answer
    }

    fn route(&self, parts: &Parts) -> Result<RoutingResult<'_>, Refusal> {
        let path = parts.uri.path();
        let found = self.app.find(parts.method.as_str(), path, |hit| match hit {
            Hit::Route {
                index,
                route,
                values,
            } => RoutingResult::Route(index, route, values.to_raw()),
            Hit::Options { allow } => RoutingResult::Options(allow),
            Hit::Redirect { to } => {
                let query = parts.uri.query();
                RoutingResult::Reply(response::of_redirect(&self.prefix, &to, query))
            }
        });
        match found {
            Err(Refusal::NotFound) => match self.builtin.answer(parts) {
                Some(answer) => answer.map(RoutingResult::Reply),
                None if self.app.mount(path).is_some() => Ok(RoutingResult::File),
                None => Err(Refusal::NotFound),
            },
            found => found,
        }
    }

    /// Returns the policies of the router's result.
    fn policies<'a>(
        &'a self,
        found: &Result<RoutingResult<'a>, Refusal>,
        parts: &Parts,
    ) -> Option<&'a Policies> {
        match found {
            Ok(RoutingResult::Route(_, route, _)) => route.policies(),
            Ok(RoutingResult::Options(_)) => {
                let next = parts.headers.get(ACCESS_CONTROL_REQUEST_METHOD);
                let next = next.map(|method| method.as_bytes());
                self.app.policies_of_options(next, parts.uri.path())
            }
            _ => self.app.policies(),
        }
    }

    /// Reads the body, and checks parameters and body against the route's contract.
    async fn check(
        &self,
        (index, route): (u32, &Route),
        path: &RawPath,
        body: &mut RequestBody,
        request: &InFlight,
    ) -> Result<Call, Refusal> {
        tracing::debug!(request = %request.id, "checking parameters and body");
        let params = route.read_params(path, &Head(&request.parts));
        if !body.has_ended() {
            let codings = request.parts.headers.get_all(CONTENT_ENCODING).iter();
            let codings = codings.map(|value| value.as_bytes());
            route.body().check_content_coding(codings)?;
        }
        let content_type = request.parts.headers.get(CONTENT_TYPE);
        let content_type = content_type.map(|value| value.as_bytes());
        let plan = match route.body().plan(content_type) {
            // An empty body has no content type to check.
            Err(Refusal::UnsupportedMediaType | Refusal::UnsupportedCharset { .. })
                if body.has_ended() =>
            {
                route.body().plan(None)?
            }
            plan => plan?,
        };
        let (limit, timeout) = (route.body_limit(), self.body_timeout);
        let checked = match plan.boundary() {
            Some(boundary) if !body.has_ended() => {
                let form = body.read_form(boundary, limit, timeout).await?;
                plan.read_form(form)
            }
            _ => {
                let bytes = body.read(limit, timeout).await?;
                request.set_body(bytes.clone());
                plan.read(bytes).map(|body| (body, Vec::new()))
            }
        };
        let (params, (body, files)) = Refusal::combine(params, checked)?;
        request.set_files(files);
        Ok(Call {
            route: index,
            params,
            body,
        })
    }
}

/// Begins the part of a request that the guest can see.
fn begin(parts: Parts, exchange: &mut Exchange<'_>) -> Arc<InFlight> {
    let id = exchange.id().clone();
    let request = Arc::new(InFlight::new(parts, &exchange.arrival, id));
    exchange.set_work(Work::Handler(request.clone()));
    for (key, value) in exchange.passage.iter_mut().flat_map(Passage::take_local) {
        request.local.preset(key, value);
    }
    request
}

impl Trigger for Handler {
    fn desk(&self) -> &Rc<Desk> {
        &self.desk
    }

    async fn answer<'a>(
        &'a self,
        parts: Parts,
        body: &mut RequestBody,
        exchange: &mut Exchange<'a>,
    ) -> Result<HttpResponse, Refusal> {
        if let Some((passage, answer)) = policy::preflight(&self.app, &parts, exchange.id()) {
            exchange.passage = Some(passage);
            exchange.enter()?;
            return answer;
        }
        let found = self.route(&parts);
        let target = match &found {
            Ok(RoutingResult::Route(index, route, _)) => {
                exchange.set_route(*index, route.name());
                HookedRoute::new(*index, route)
            }
            _ => HookedRoute::fallback(self.app.fallback()),
        };
        if let Some(policies) = self.policies(&found, &parts) {
            exchange.passage = Some(Passage::begin(policies, &parts, exchange.id()));
        }
        exchange.enter()?;
        let admitted = found.and_then(|found| {
            if let Some(passage) = &mut exchange.passage
                && matches!(found, RoutingResult::Route(..) | RoutingResult::File)
            {
                passage.admit(&parts, exchange.arrival.peer, target.index)?;
            }
            Ok(found)
        });
        let found = match admitted {
            Ok(found) => found,
            Err(refusal) => return self.refuse(refusal, target, parts, exchange).await,
        };
        let (index, route, path) = match found {
            RoutingResult::Reply(response) => return Ok(response),
            RoutingResult::Options(allow) => return Ok(response::of_options(allow)),
            // Boxed, as the request's future is moved once and has room for its largest
            // part, which few requests need.
            RoutingResult::File => {
                return match Box::pin(self.files.answer(&self.app, &parts)).await {
                    Err(refusal) => self.refuse(refusal, target, parts, exchange).await,
                    response => response,
                };
            }
            RoutingResult::Route(index, route, path) => (index, route, path),
        };
        let request = begin(parts, exchange);
        if !route.hooks().is_empty() {
            let mut hooked = HookedRequest::new(&self.pool, target, &request, self.check_replies);
            let outcome = Box::pin(self.answer_hooked(&mut hooked, &path, body)).await;
            let answer = Box::pin(hooked.finish(outcome)).await;
            exchange.mark_replied();
            return answer;
        }
        let call = self.check((index, route), &path, body, &request).await?;
        let (isolation, deadline) = (route.isolation(), route.timeout());
        let reply = self.pool.call(&call, request, isolation, deadline).await;
        exchange.mark_replied();
        reply
            .and_then(|reply| response::of_route(reply, route, self.check_replies))
            .map_err(|error| Failure::of_call(error, exchange.id(), route).into_refusal())
    }
}
