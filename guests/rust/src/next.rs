//! The rest of a call, for the functions around a handler.

use std::fmt;

use crate::Reply;
use crate::maybe_future::LocalFuture;

/// The rest of a call: the wrappers further in, and the handler. See
/// [`App::wrap`](crate::App::wrap).
#[must_use = "the handler runs only if you run the rest of the call"]
pub struct Next {
    rest: Box<dyn RestOfCall>,
}

/// The rest of a call, as the app implements it.
pub(crate) trait RestOfCall {
    /// Returns the path pattern of the route.
    fn pattern(&self) -> &str;

    /// Returns the future of the reply.
    fn run(self: Box<Self>) -> LocalFuture<Reply>;
}

impl Next {
    pub(crate) fn new(rest: impl RestOfCall + 'static) -> Self {
        Self {
            rest: Box::new(rest),
        }
    }

    /// Runs the rest of the call and returns its reply. To drop the future ends the handler.
    pub async fn run(self) -> Reply {
        self.rest.run().await
    }

    /// Returns the path pattern of the route, such as `/users/{id}`.
    #[must_use]
    pub fn pattern(&self) -> &str {
        self.rest.pattern()
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next")
            .field("pattern", &self.pattern())
            .finish_non_exhaustive()
    }
}
