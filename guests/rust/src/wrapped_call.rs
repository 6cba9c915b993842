//! A call of a route with functions around its handler.

use std::rc::Rc;

use crate::app::App;
use crate::maybe_future::{LocalFuture, MaybeFuture};
use crate::next::{Next, RestOfCall};
use crate::{Body, Call, Reply};

/// A call: the wrappers that have not begun, and the handler.
pub(crate) struct WrappedCall {
    app: Rc<App>,
    route: usize,
    params: String,
    body: Body,
    /// How many wrappers have begun.
    depth: usize,
}

impl WrappedCall {
    pub(crate) fn new(app: Rc<App>, route: usize, params: String, body: Body) -> Self {
        Self {
            app,
            route,
            params,
            body,
            depth: 0,
        }
    }

    async fn answer(mut self) -> Reply {
        let app = self.app.clone();
        let Some(route) = app.routes.get(self.route) else {
            return Reply::failure("the route does not exist", "");
        };
        let of_app = app.hooks.wrappers().iter();
        let mut wrappers = of_app.chain(route.hooks.wrappers());
        if let Some(wrapper) = wrappers.nth(self.depth) {
            self.depth += 1;
            return wrapper(Next::new(self)).await;
        }
        let call = Call {
            pattern: &route.pattern,
            params: &self.params,
            body: self.body,
            states: &app.states,
        };
        match route.answer(call) {
            MaybeFuture::Ready(reply) => reply,
            MaybeFuture::Later(future) => future.await,
        }
    }
}

impl RestOfCall for WrappedCall {
    fn pattern(&self) -> &str {
        let route = self.app.routes.get(self.route);
        route.map_or("", |route| &route.pattern)
    }

    fn run(self: Box<Self>) -> LocalFuture<Reply> {
        Box::pin(self.answer())
    }
}
