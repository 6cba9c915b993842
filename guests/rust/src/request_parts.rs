//! The parts of a request that an argument that has to wait is read from.

use crate::states::States;
use crate::{Body, Call, Request};

/// The parts of a request that a [`FromRequestAsync`](crate::FromRequestAsync) reads: everything but
/// the body.
#[derive(Clone, Debug)]
pub struct RequestParts {
    pattern: String,
    params: String,
    states: States,
}

impl RequestParts {
    pub(crate) fn of(call: &Call<'_>) -> Self {
        Self {
            pattern: call.pattern.to_owned(),
            params: call.params.to_owned(),
            states: call.states.clone(),
        }
    }

    /// Returns a call with these parts and no body.
    pub(crate) fn call(&self) -> Call<'_> {
        Call {
            pattern: &self.pattern,
            params: &self.params,
            body: Body::Empty,
            states: &self.states,
        }
    }

    /// Returns the request.
    #[must_use]
    pub fn request(&self) -> Request {
        Request::current()
    }

    /// Returns the path pattern of the route, such as `/users/{id}`.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Returns the validated and coerced parameters as one JSON object, or an empty string if
    /// the route has none.
    #[must_use]
    pub fn params(&self) -> &str {
        &self.params
    }
}
