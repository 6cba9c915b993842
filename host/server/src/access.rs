//! One line in the log for each request.

use std::time::Instant;

use hyper::{Method, Uri};

use crate::request::RequestId;
use crate::response::{self, HttpResponse};

/// The target of these lines in the log.
pub(crate) const TARGET: &str = "access";

/// What the line says that the response does not.
pub(crate) struct Access {
    request: Option<(Method, Uri)>,
    start: Instant,
}

impl Access {
    /// Begins a line; nothing is copied when nobody reads it.
    pub(crate) fn begin(method: &Method, uri: &Uri) -> Self {
        let wanted = tracing::enabled!(target: TARGET, tracing::Level::INFO);
        Self {
            request: wanted.then(|| (method.clone(), uri.clone())),
            start: Instant::now(),
        }
    }

    /// Writes the line of a request that nobody waits for any more, unless it has
    /// been answered.
    pub(crate) fn give_up(&mut self, id: &RequestId, route: Option<&str>) {
        let Some((method, uri)) = self.request.take() else {
            return;
        };
        let elapsed = self.start.elapsed().as_secs_f64() * 1000.0;
        tracing::info!(
            target: TARGET,
            %method,
            path = uri.path(),
            ms = (elapsed * 1000.0).round() / 1000.0,
            route = route.unwrap_or("-"),
            request = %id,
            "the client went away before it was answered",
        );
    }

    /// Writes the line.
    pub(crate) fn end(&mut self, id: &RequestId, route: Option<&str>, response: &HttpResponse) {
        let Some((method, uri)) = self.request.take() else {
            return;
        };
        let elapsed = self.start.elapsed().as_secs_f64() * 1000.0;
        tracing::info!(
            target: TARGET,
            %method,
            path = uri.path(),
            status = response.status().as_u16(),
            ms = (elapsed * 1000.0).round() / 1000.0,
            bytes = response::length(response),
            route = route.unwrap_or("-"),
            request = %id,
        );
    }
}
