//! The host's own answers: metrics, the OpenAPI document with its page, and `OPTIONS *`.
//!
//! A route that an app declares has precedence over them. An app for `wasi:http`
//! declares no routes, so there they come first.

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

/// What the host answers itself beside an app.
#[derive(Default)]
pub(crate) struct Builtin {
    /// The figures of all workers, where they are served beside the app.
    pub(crate) metrics: Option<Arc<Figures>>,
    /// The OpenAPI document and its page.
    pub(crate) docs: Option<Arc<Docs>>,
    /// Whether `OPTIONS *` is answered; an app for `wasi:http` sees it itself.
    pub(crate) asterisk: bool,
}

impl Builtin {
    /// The host's answer; `None` for a path that is not its own.
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
