//! A request's way through the host. This file alone knows the order of the rooms;
//! each takes one type and returns the next, and a request may leave from any of
//! them with a [`Refusal`].

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use hyper::header::{CONTENT_TYPE, EXPECT};
use hyper::http::request::Parts;
use hyper::{Method, Request, Version};
use spikard_wasm_app::{App, Call, Hit, Refusal, Route};
use spikard_wasm_runtime::{Reply, Request as _, Stamp};

use crate::access::{Access, Whose};
use crate::admission::Requests;
use crate::body::{Inbound, RequestBody};
use crate::docs::Docs;
use crate::failure::Failed;
use crate::hooks::Hooked;
use crate::metrics::{self, Figures, Taken, WorkerFigures};
use crate::policy::{self, Passage, StaticFiles};
use crate::reply_body::ReplyBody;
use crate::request::{Head, InFlight, RequestId};
use crate::response::{self, HttpResponse};
use crate::served::Served;
use crate::service::{AppName, Arrival, Kept};
use crate::worker::Shared;

/// What the requests of one app in one worker share.
pub(crate) struct Pipeline {
    name: AppName,
    /// The path before what the app sees.
    prefix: String,
    app: Arc<App>,
    pool: Kept,
    files: StaticFiles,
    requests: Arc<Requests>,
    figures: Arc<WorkerFigures>,
    /// The figures of all workers, where they are served beside the routes.
    served: Option<Arc<Figures>>,
    body_timeout: Duration,
    check_replies: bool,
    server_timing: bool,
    docs: Option<Arc<Docs>>,
}

/// What is known of a request when it is answered.
struct Seen<'a> {
    app: Option<&'a str>,
    access: Option<Access>,
    figures: &'a WorkerFigures,
    start: Stamp,
    id: RequestId,
    route: Option<(u32, &'a Route)>,
    passage: Option<Passage<'a>>,
    request: Option<Arc<InFlight>>,
    /// When its last call returned.
    replied: Option<Stamp>,
    is_answered: bool,
}

impl Seen<'_> {
    /// Where its time went until now.
    fn taken(&self) -> Taken {
        let now = Stamp::now();
        let respond = self.replied.map_or(0, |replied| now.since(replied));
        let stages = self.request.as_ref().map(|request| request.stages());
        Taken::new(now.since(self.start), respond, stages)
    }

    fn whose(&self) -> Whose<'_> {
        (self.app, self.route.map(|(_, route)| route.name()))
    }

    /// Counts it and writes its line.
    fn answered(&mut self, response: &mut HttpResponse, server_timing: bool) {
        self.is_answered = true;
        let taken = self.taken();
        let status = response.status().as_u16();
        let route = self.route.map(|(index, _)| index);
        self.figures.record(route, status, &taken);
        if server_timing {
            response::timed(response, &taken);
        }
        if let Some(access) = self.access.take() {
            access.end(&self.id, self.whose(), &taken, response);
        }
    }
}

impl Drop for Seen<'_> {
    /// hyper drops what answers a request when its client goes away.
    fn drop(&mut self) {
        if self.is_answered {
            return;
        }
        let taken = self.taken();
        let route = self.route.map(|(index, _)| index);
        self.figures.record(route, metrics::CLIENT_CLOSED, &taken);
        if let Some(access) = self.access.take() {
            access.give_up(&self.id, self.whose(), &taken);
        }
    }
}

/// What the router made of a request.
enum Matched<'a> {
    /// A route with its index, and its parameters or what is wrong with them.
    Route(u32, &'a Route, Result<String, Refusal>),
    /// A path that no route has, below one where files are.
    File,
    /// A reply the router gives itself.
    Reply(HttpResponse),
}

impl Pipeline {
    pub(crate) fn new(
        served: &Served,
        shared: &Shared,
        figures: Arc<WorkerFigures>,
        pool: Kept,
    ) -> Self {
        let settings = &served.settings;
        Self {
            name: served.name.clone(),
            prefix: served.mount.prefix().to_owned(),
            app: served.app.clone(),
            pool,
            files: served.files.clone(),
            requests: shared.requests.clone(),
            figures,
            served: shared.metrics_beside(&served.mount),
            server_timing: settings.server_timing,
            body_timeout: settings.body_timeout,
            check_replies: settings.check_replies,
            docs: settings.docs.clone(),
        }
    }

    /// Answers a request. A panic in here, which is a defect of the host, ends
    /// this request alone.
    pub(crate) async fn respond(&self, request: Request<Inbound>, from: Arrival) -> HttpResponse {
        let (parts, incoming) = request.into_parts();
        let is_head = parts.method == Method::HEAD;
        let is_http1 = parts.version < Version::HTTP_2;
        let mut body = RequestBody::new(incoming, parts.headers.contains_key(EXPECT));
        let mut seen = Seen {
            app: self.name.as_deref(),
            access: Access::begin(&parts.method, from.sent.as_ref().unwrap_or(&parts.uri)),
            figures: &self.figures,
            start: Stamp::now(),
            id: RequestId::next(),
            route: None,
            passage: None,
            request: None,
            replied: None,
            is_answered: false,
        };
        let answer = self.answer(parts, &mut body, &from, &mut seen);
        let answer = AssertUnwindSafe(answer).catch_unwind();
        let answer = answer.await.unwrap_or_else(|_| {
            tracing::error!(request = %seen.id, "the host itself failed; this is a defect of spikard-wasm");
            Err(Refusal::Failed)
        });
        let response = answer.unwrap_or_else(response::of_refusal);
        let response = match seen.passage.take() {
            Some(passage) => Box::pin(passage.finish(response)).await,
            None => response,
        };
        let response = if is_head {
            response::without_body(response)
        } else {
            response
        };
        let mut response = if is_http1 && !body.discard().await {
            response::closing(response)
        } else {
            response
        };
        seen.answered(&mut response, self.server_timing);
        response
    }

    async fn answer<'a>(
        &'a self,
        parts: Parts,
        body: &mut RequestBody,
        from: &Arrival,
        seen: &mut Seen<'a>,
    ) -> Result<HttpResponse, Refusal> {
        let _admitted = self.requests.enter()?;
        if let Some((passage, answer)) = policy::preflight(&self.app, &parts, &mut seen.id) {
            seen.passage = Some(passage);
            return answer;
        }
        let found = match self.route(&parts) {
            Err(Refusal::NotFound) if self.app.mount(parts.uri.path()).is_some() => {
                Ok(Matched::File)
            }
            found => found,
        };
        let (policies, number) = match &found {
            Ok(Matched::Route(index, route, _)) => {
                seen.route = Some((*index, route));
                (route.policies(), *index)
            }
            _ => (self.app.policies(), u32::MAX),
        };
        seen.passage = policies.map(|policies| Passage::begin(policies, &parts, &mut seen.id));
        let found = found?;
        if let Some(passage) = &mut seen.passage
            && !matches!(found, Matched::Reply(_))
        {
            passage.admit(&parts, from.peer, number)?;
        }
        let (index, route, params) = match found {
            Matched::Reply(response) => return Ok(response),
            // What few requests need is on the heap: a future is moved once for each
            // request, with the room of its largest part.
            Matched::File => return Box::pin(self.files.answer(&self.app, &parts)).await,
            Matched::Route(index, route, params) => (index, route, params),
        };
        let id = seen.id.clone();
        let request = Arc::new(InFlight::new(parts, from, id.clone()));
        seen.request = Some(request.clone());
        for (key, value) in seen.passage.iter_mut().flat_map(Passage::take_local) {
            request.local.preset(key, value);
        }
        if !route.hooks().is_empty() {
            let mut hooked = Hooked::new(&self.pool, (index, route), &request, self.check_replies);
            let outcome = Box::pin(self.answer_hooked(&mut hooked, params, body)).await;
            let answer = Box::pin(hooked.finish(outcome)).await;
            seen.replied = Some(Stamp::now());
            return answer;
        }
        let call = self.check(index, route, params, body, &request).await?;
        let (isolation, deadline) = (route.isolation(), route.timeout());
        let reply = self.pool.call(&call, request, isolation, deadline).await;
        seen.replied = Some(Stamp::now());
        reply
            .and_then(|reply| response::of_route(reply, route, self.check_replies))
            .map_err(|error| Failed::of_call(error, &id, route).into_refusal())
    }

    /// The way of a request whose route has hooks.
    async fn answer_hooked(
        &self,
        hooked: &mut Hooked<'_>,
        params: Result<String, Refusal>,
        body: &mut RequestBody,
    ) -> Result<Reply, Failed> {
        if let Some(reply) = hooked.before_body().await? {
            return Ok(reply);
        }
        let (index, route) = hooked.route;
        let call = self
            .check(index, route, params, body, hooked.request)
            .await?;
        hooked.handle(&call).await
    }

    fn route(&self, parts: &Parts) -> Result<Matched<'_>, Refusal> {
        let path = parts.uri.path();
        let found = self.app.find(parts.method.as_str(), path, |hit| match hit {
            Hit::Route {
                index,
                route,
                values,
            } => Matched::Route(index, route, route.read_params(&values, &Head(parts))),
            Hit::Options { allow } => Matched::Reply(response::of_options(allow)),
            Hit::Redirect { to } => {
                let query = parts.uri.query();
                Matched::Reply(response::of_redirect(&self.prefix, &to, query))
            }
        });
        match (found, &self.served, &self.docs) {
            (Err(Refusal::NotFound), Some(figures), _) if path == metrics::PATH => {
                let answer = figures.answer(&parts.method);
                Ok(Matched::Reply(answer.map(ReplyBody::from)))
            }
            (Err(Refusal::NotFound), _, Some(docs)) => docs.answer(parts).map(Matched::Reply),
            (found, ..) => found,
        }
    }

    /// Reads the body and checks it and the parameters: what is left is a call that
    /// keeps the route's contract.
    async fn check(
        &self,
        index: u32,
        route: &Route,
        params: Result<String, Refusal>,
        body: &mut RequestBody,
        request: &InFlight,
    ) -> Result<Call, Refusal> {
        let content_type = request.parts.headers.get(CONTENT_TYPE);
        let content_type = content_type.map(|value| value.as_bytes());
        let plan = match route.body().plan(content_type) {
            // What type nothing is does not matter.
            Err(Refusal::UnsupportedMediaType) if body.has_ended() => route.body().plan(None)?,
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
                request.has_body(bytes.clone());
                plan.read(bytes).map(|body| (body, Vec::new()))
            }
        };
        let (params, (body, files)) = both(params, checked)?;
        request.has_files(files);
        Ok(Call {
            route: index,
            params,
            body,
        })
    }
}

/// Both results, or every error of both: a client is told all that is wrong with
/// its request at once.
fn both<A, B>(first: Result<A, Refusal>, second: Result<B, Refusal>) -> Result<(A, B), Refusal> {
    match (first, second) {
        (Ok(first), Ok(second)) => Ok((first, second)),
        (Err(Refusal::Invalid(mut errors)), Err(Refusal::Invalid(more))) => {
            errors.extend(more);
            Err(Refusal::Invalid(errors))
        }
        (Err(refusal), _) | (_, Err(refusal)) => Err(refusal),
    }
}
