//! The host's own pages: metrics, the OpenAPI document and its page, and `OPTIONS *`.
//!
//! A route that an app declares takes precedence over them. An app for `wasi:http` declares
//! no routes, so the host's pages take precedence there.

use std::sync::Arc;

use hyper::Method;
use hyper::http::request::Parts;
use spikard_wasm_app::Refusal;

use crate::docs::Docs;
use crate::metrics::{self, Figures};
use crate::reply_body::ReplyBody;
use crate::response::{self, HttpResponse};

/// The methods that the host knows, for `OPTIONS *` (RFC 9110, section 9.3.7).
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE";

/// The pages that the host serves beside an app.
#[derive(Default)]
pub(crate) struct Builtin {
    /// The metrics of all workers, if the app's port serves them.
    pub(crate) metrics: Option<Arc<Figures>>,
    /// The OpenAPI document and its page.
    pub(crate) docs: Option<Arc<Docs>>,
    /// True if the host answers `OPTIONS *`; otherwise the app does (`wasi:http`).
    pub(crate) asterisk: bool,
}

impl Builtin {
    /// Returns the host's answer; `None` if the path is not one of its pages.
    pub(crate) fn answer(&self, parts: &Parts) -> Option<Result<HttpResponse, Refusal>> {
        let path = parts.uri.path();
        if let Some(figures) = &self.metrics
            && path == metrics::PATH
        {
            return Some(Ok(figures.answer(&parts.method).map(ReplyBody::from)));
        }
        if self.asterisk && path == "*" && parts.method == Method::OPTIONS {
            return Some(Ok(response::of_options(METHODS)));
        }
        match self.docs.as_ref()?.answer(parts) {
            Err(Refusal::NotFound) => None,
            answer => Some(answer),
        }
    }
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn parts(method: &Method, target: &str) -> Parts {
        let request = Request::builder().method(method.clone()).uri(target);
        request.body(()).expect("a request").into_parts().0
    }

    fn status(builtin: &Builtin, method: &Method, target: &str) -> Option<u16> {
        let answer = builtin.answer(&parts(method, target))?;
        Some(answer.map_or_else(
            |refusal| refusal.status(),
            |response| response.status().as_u16(),
        ))
    }

    #[test]
    fn only_pages_that_are_switched_on_are_served() {
        let nothing = Builtin::default();
        assert_eq!(status(&nothing, &Method::GET, metrics::PATH), None);
        assert_eq!(status(&nothing, &Method::OPTIONS, "*"), None);
        let requests = crate::admission::Requests::new(1);
        let all = Builtin {
            metrics: Some(Figures::new(&requests, 1)),
            docs: None,
            asterisk: true,
        };
        assert_eq!(status(&all, &Method::GET, metrics::PATH), Some(200));
        assert_eq!(status(&all, &Method::OPTIONS, "*"), Some(204));
        assert_eq!(status(&all, &Method::GET, "/"), None);
        assert_eq!(status(&all, &Method::GET, "/metrics/"), None);
    }
}
