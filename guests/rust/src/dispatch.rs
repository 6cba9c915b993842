//! Runs the calls from the host: the handler of a route, and the hooks around it.

use crate::call_id::CallId;
use crate::hook_reply::ReplyChange;
use crate::reply::Failure;
use crate::stage::{EarlyStage, LateStage};
use crate::{App, Body, Call, Content, HookReply, Reply, Route, host};

/// The return value of `handler.handle` and of the early hooks: status, headers as JSON, content.
pub(crate) type Answer = (u16, String, Content);

impl App {
    /// Runs the handler of a route.
    pub(crate) fn handle(&self, route: u32, params: &str, body: Body) -> Answer {
        let _call = CallId::enter();
        match self.route_at(route) {
            Some(route) => finish(route.answer(params, body), route.status),
            None => unknown_route(),
        }
    }

    /// Runs the early hooks of one stage until one of them replies.
    pub(crate) fn before(&self, stage: EarlyStage, route: u32, params: &str) -> Option<Answer> {
        let _call = CallId::enter();
        let Some(route) = self.route_at(route) else {
            return Some(unknown_route());
        };
        let call = &mut Call {
            pattern: &route.pattern,
            params,
            body: Body::Empty,
        };
        let reply = self.hooks.run(stage, call);
        let reply = reply.or_else(|| route.hooks.run(stage, call))?;
        Some(finish(reply, None))
    }

    /// Runs the late hooks of one stage, and returns the change of the reply if there is one.
    pub(crate) fn after(
        &self,
        stage: LateStage,
        route: u32,
        status: u16,
        headers: &str,
        message: &str,
    ) -> Option<ReplyChange> {
        let _call = CallId::enter();
        let Some(route) = self.route_at(route) else {
            let (status, headers, content) = unknown_route();
            return Some((status, headers, Some(content)));
        };
        let finished = match HookReply::new(status, headers) {
            Ok(mut view) => {
                let _ = self.hooks.change(stage, &mut view, message)
                    && route.hooks.change(stage, &mut view, message);
                view.finish()
            }
            Err(error) => Err(Failure {
                message: format!("the host's headers cannot be read: {error}"),
                detail: String::new(),
            }),
        };
        finished.unwrap_or_else(|failure| {
            let (status, headers, content) = fail(&failure);
            Some((status, headers, Some(content)))
        })
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

fn unknown_route() -> Answer {
    fail(&Failure {
        message: "the host called a route that the app does not have".to_owned(),
        detail: String::new(),
    })
}
