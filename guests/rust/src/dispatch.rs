//! Runs the calls from the host: the handler of a route, and the hooks around it.

use std::rc::Rc;

use crate::call_id::CallId;
use crate::hook_reply::ReplyChange;
use crate::hooks::LateHook;
use crate::maybe_future::{LocalFuture, MaybeFuture};
use crate::next::RestOfCall as _;
use crate::reply::Failure;
use crate::stage::{EarlyStage, LateStage};
use crate::task::{self, Finished, Job};
use crate::wrapped_call::WrappedCall;
use crate::{App, Body, Call, Content, HookReply, Reply, Route, host};

/// The return value of `handler.handle` and of the early hooks: status, headers as JSON, content.
pub(crate) type Answer = (u16, String, Content);

/// The route of an `on-error` call for a request that no route matches.
pub(crate) const NO_ROUTE: u32 = u32::MAX;

/// The answer of a call that waits.
const WAITS: Answer = (0, String::new(), Content::Empty);

impl App {
    /// Runs the handler of a route.
    pub(crate) fn handle(self: &Rc<Self>, number: u32, params: &str, body: Body) -> Answer {
        let _call = CallId::enter();
        let Some(route) = self.route_at(number) else {
            return self.outside_of_requests(number);
        };
        let is_wrapped = !self.hooks.wrappers().is_empty() || !route.hooks.wrappers().is_empty();
        let is_ready = self.lifespan.is_instance_ready();
        let reply = if is_wrapped || !is_ready {
            let (app, number) = (self.clone(), number as usize);
            let call = WrappedCall::new(app, number, params.to_owned(), body);
            MaybeFuture::Later(if is_ready {
                Box::new(call).run()
            } else {
                self.clone().answer_when_ready(call)
            })
        } else {
            route.answer(self.call(route, params, body))
        };
        match reply {
            MaybeFuture::Ready(reply) => {
                let answer = finish(reply, route.status);
                task::settle();
                answer
            }
            MaybeFuture::Later(future) => start_handler(future, route.status),
        }
    }

    /// Answers a call after the functions of the instance have run.
    fn answer_when_ready(self: Rc<Self>, call: WrappedCall) -> LocalFuture<Reply> {
        Box::pin(async move {
            match self.lifespan.ready_instance(&self.states).await {
                Ok(()) => Box::new(call).run().await,
                Err(failure) => Reply::of_failure(failure),
            }
        })
    }

    /// Runs the functions at start or at stop.
    #[cold]
    fn outside_of_requests(self: &Rc<Self>, number: u32) -> Answer {
        let Some(occasion) = self.lifespan.occasion(number, self.routes.len()) else {
            return unknown_route();
        };
        let app = self.clone();
        let run = async move {
            match app.lifespan.run(occasion, &app.states).await {
                Ok(()) => Reply::new(),
                Err(failure) => Reply::of_failure(failure),
            }
        };
        start_handler(Box::pin(run), None)
    }

    /// Runs the early hooks of one stage until one of them replies.
    pub(crate) fn before(
        self: &Rc<Self>,
        stage: EarlyStage,
        route: u32,
        params: &str,
    ) -> Option<Answer> {
        let _call = CallId::enter();
        let Some(of_route) = self.route_at(route) else {
            return Some(unknown_route());
        };
        if !self.lifespan.is_instance_ready() {
            let app = self.clone();
            let ready = async move {
                let ready = app.lifespan.ready_instance(&app.states).await;
                ready.err().map(Reply::of_failure)
            };
            let ready: LocalFuture<_> = Box::pin(ready);
            return start_early(self.clone().continue_before(
                stage,
                route,
                params.to_owned(),
                0,
                ready,
            ));
        }
        let call = &mut self.call(of_route, params, Body::Empty);
        let hooks = self.hooks.early(stage).iter();
        let hooks = hooks.chain(of_route.hooks.early(stage));
        for (index, hook) in hooks.enumerate() {
            match hook.run(call) {
                MaybeFuture::Ready(None) => {}
                MaybeFuture::Ready(Some(reply)) => {
                    let answer = finish(reply, None);
                    task::settle();
                    return Some(answer);
                }
                MaybeFuture::Later(future) => {
                    return start_early(self.clone().continue_before(
                        stage,
                        route,
                        params.to_owned(),
                        index + 1,
                        future,
                    ));
                }
            }
        }
        task::settle();
        None
    }

    /// Waits for the early hook of a stage before the one at `index`, and runs those from `index` on.
    async fn continue_before(
        self: Rc<Self>,
        stage: EarlyStage,
        route: u32,
        params: String,
        index: usize,
        first: LocalFuture<Option<Reply>>,
    ) -> Option<Reply> {
        if let Some(reply) = first.await {
            return Some(reply);
        }
        let of_route = self.route_at(route)?;
        let call = &mut self.call(of_route, &params, Body::Empty);
        let hooks = self.hooks.early(stage).iter();
        let hooks = hooks.chain(of_route.hooks.early(stage));
        for hook in hooks.skip(index) {
            let reply = match hook.run(call) {
                MaybeFuture::Ready(reply) => reply,
                MaybeFuture::Later(future) => future.await,
            };
            if reply.is_some() {
                return reply;
            }
        }
        None
    }

    /// Runs the late hooks of one stage, and returns the change of the reply if there is one.
    pub(crate) fn after(
        self: &Rc<Self>,
        stage: LateStage,
        route: u32,
        status: u16,
        headers: &str,
        message: &str,
    ) -> Option<ReplyChange> {
        let _call = CallId::enter();
        if self.route_at(route).is_none() && route != NO_ROUTE {
            return refused(unknown_route());
        }
        let view = match HookReply::new(status, headers) {
            Ok(view) => view,
            Err(error) => {
                return refused(fail(&Failure {
                    message: format!("the host's headers cannot be read: {error}"),
                    detail: String::new(),
                }));
            }
        };
        let is_ready = self.lifespan.is_instance_ready();
        let mut hooks = self.late_hooks(stage, route);
        let must_wait = hooks.any(|hook| !is_ready || hook.is_async());
        let finished = if must_wait {
            let job = self
                .clone()
                .change_later(stage, route, view, message.to_owned());
            match task::start(Job::Late(Box::pin(job))) {
                Some(finished) => finished,
                None => return Some((0, String::new(), None)),
            }
        } else {
            let finished = self.change(stage, route, view, message);
            task::settle();
            finished
        };
        finished.unwrap_or_else(|failure| refused(fail(&failure)))
    }

    /// Runs the late hooks of a stage in order, each with the reply that the previous hook left,
    /// until one of them fails.
    fn change(&self, stage: LateStage, route: u32, mut view: HookReply, message: &str) -> Finished {
        for hook in self.late_hooks(stage, route) {
            if let LateHook::Sync(hook) = hook
                && let Some(reply) = hook(&mut view, message)
            {
                view.replace(reply);
            }
            if view.failed() {
                break;
            }
        }
        view.finish()
    }

    /// As [`change`](Self::change), for hooks of which one is `async`, and after the functions of
    /// the instance have run.
    async fn change_later(
        self: Rc<Self>,
        stage: LateStage,
        route: u32,
        mut view: HookReply,
        message: String,
    ) -> Finished {
        self.lifespan.ready_instance(&self.states).await?;
        for hook in self.late_hooks(stage, route) {
            let reply = match hook {
                LateHook::Sync(hook) => hook(&mut view, &message),
                LateHook::Async(hook) => hook(&mut view, &message).await,
            };
            if let Some(reply) = reply {
                view.replace(reply);
            }
            if view.failed() {
                break;
            }
        }
        view.finish()
    }

    fn call<'a>(&'a self, route: &'a Route, params: &'a str, body: Body) -> Call<'a> {
        Call {
            pattern: &route.pattern,
            params,
            body,
            states: &self.states,
        }
    }

    /// Returns the late hooks of the app, then those of the route if there is one.
    fn late_hooks(&self, stage: LateStage, route: u32) -> impl Iterator<Item = &LateHook> {
        let of_route = self.route_at(route).into_iter();
        let of_route = of_route.flat_map(move |route| route.hooks.late(stage));
        self.hooks.late(stage).iter().chain(of_route)
    }

    fn route_at(&self, route: u32) -> Option<&Route> {
        self.routes.get(usize::try_from(route).ok()?)
    }
}

/// Runs the future of a handler.
fn start_handler(future: LocalFuture<Reply>, status: Option<u16>) -> Answer {
    match task::start(Job::Handler(future, status)) {
        Some(Ok(change)) => change.map_or(WAITS, with_content),
        Some(Err(failure)) => fail(&failure),
        None => WAITS,
    }
}

/// Runs the future of early hooks.
fn start_early(hooks: impl Future<Output = Option<Reply>> + 'static) -> Option<Answer> {
    match task::start(Job::Early(Box::pin(hooks))) {
        Some(Ok(change)) => change.map(with_content),
        Some(Err(failure)) => Some(fail(&failure)),
        None => Some(WAITS),
    }
}

pub(crate) fn with_content((status, headers, content): ReplyChange) -> Answer {
    (status, headers, content.unwrap_or(Content::Empty))
}

fn finish(reply: Reply, status: Option<u16>) -> Answer {
    reply
        .finish(status)
        .unwrap_or_else(|failure| fail(&failure))
}

fn fail(failure: &Failure) -> Answer {
    host::report(&failure.message, &failure.detail);
    (500, String::new(), Content::Empty)
}

fn refused((status, headers, content): Answer) -> Option<ReplyChange> {
    Some((status, headers, Some(content)))
}

fn unknown_route() -> Answer {
    fail(&Failure {
        message: "the host called a route that the app does not have".to_owned(),
        detail: String::new(),
    })
}
