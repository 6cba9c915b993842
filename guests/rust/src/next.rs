//! The rest of a call, for the functions around a handler.

use std::fmt;
use std::rc::Rc;

use crate::maybe_future::MaybeFuture;
use crate::{App, Body, Call, Reply};

/// The rest of a call: the wrappers further in, and the handler. See [`App::wrap`].
#[must_use = "the handler runs only if you run the rest of the call"]
pub struct Next {
    app: Rc<App>,
    route: usize,
    params: String,
    body: Body,
    /// How many wrappers have begun.
    depth: usize,
}

impl Next {
    pub(crate) fn new(app: Rc<App>, route: usize, params: String, body: Body) -> Self {
        Self {
            app,
            route,
            params,
            body,
            depth: 0,
        }
    }

    /// Runs the rest of the call and returns its reply. To drop the future ends the handler.
    pub async fn run(mut self) -> Reply {
        let app = self.app.clone();
        let Some(route) = app.routes.get(self.route) else {
            return Reply::failure("the route does not exist", "");
        };
        let of_app = app.hooks.wrappers().iter();
        let mut wrappers = of_app.chain(route.hooks.wrappers());
        if let Some(wrapper) = wrappers.nth(self.depth) {
            self.depth += 1;
            return wrapper(self).await;
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

    /// Returns the path pattern of the route, such as `/users/{id}`.
    #[must_use]
    pub fn pattern(&self) -> &str {
        let route = self.app.routes.get(self.route);
        route.map_or("", |route| &route.pattern)
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next")
            .field("pattern", &self.pattern())
            .finish_non_exhaustive()
    }
}
