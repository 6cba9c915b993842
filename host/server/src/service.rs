//! An app in one worker, whatever it is made of: what a request is given to.

use std::net::SocketAddr;

use hyper::Request;
use hyper::body::Incoming;

use crate::http_app::HttpApp;
use crate::pipeline::Pipeline;
use crate::response::HttpResponse;

/// An app in one worker.
pub(crate) enum Service {
    /// One that exports our own interface.
    Handler(Pipeline),
    /// One for `wasi:http`.
    Http(HttpApp),
}

impl Service {
    /// Answers a request.
    pub(crate) async fn respond(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> HttpResponse {
        match self {
            Self::Handler(pipeline) => pipeline.respond(request, peer).await,
            Self::Http(app) => app.respond(request, 0).await,
        }
    }
}
