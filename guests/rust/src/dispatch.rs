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
            return unknown_route();
        };
        let is_wrapped = !self.hooks.wrappers().is_empty() || !route.hooks.wrappers().is_empty();
        let reply = if is_wrapped {
            let (app, number) = (self.clone(), number as usize);
            let call = WrappedCall::new(app, number, params.to_owned(), body);
            MaybeFuture::Later(Box::new(call).run())
        } else {
            route.answer(self.call(route, params, body))
        };
        match reply {
            MaybeFuture::Ready(reply) => {
                let answer = finish(reply, route.status);
                task::settle();
                answer
            }
            MaybeFuture::Later(future) => match task::start(Job::Handler(future, route.status)) {
                Some(Ok(change)) => change.map_or(WAITS, |(status, headers, content)| {
                    (status, headers, content.unwrap_or(Content::Empty))
                }),
                Some(Err(failure)) => fail(&failure),
                None => WAITS,
            },
        }
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
                    let job = self.clone().continue_before(
                        stage,
                        route,
                        params.to_owned(),
                        index,
                        future,
                    );
                    return match task::start(Job::Early(Box::pin(job))) {
                        Some(Ok(change)) => change.map(|(status, headers, content)| {
                            (status, headers, content.unwrap_or(Content::Empty))
                        }),
                        Some(Err(failure)) => Some(fail(&failure)),
                        None => Some(WAITS),
                    };
                }
            }
        }
        task::settle();
        None
    }

    /// Waits for the early hook at `index` of a stage and runs those after it.
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
        for hook in hooks.skip(index + 1) {
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
        let finished = if self.late_hooks(stage, route).any(LateHook::is_async) {
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

    /// As [`change`](Self::change), for hooks of which one is `async`.
    async fn change_later(
        self: Rc<Self>,
        stage: LateStage,
        route: u32,
        mut view: HookReply,
        message: String,
    ) -> Finished {
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
