//! An app in one worker, whatever it is made of: what a request is given to.

use std::net::SocketAddr;

use hyper::Request;

use crate::body::Arriving;
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
    /// Answers a request, for which `depth` apps of this host have called one another.
    pub(crate) async fn respond<B: Arriving>(
        &self,
        request: Request<B>,
        peer: SocketAddr,
        depth: u32,
    ) -> HttpResponse {
        match self {
            Self::Handler(pipeline) => pipeline.respond(request, peer, depth).await,
            Self::Http(app) => app.respond(request, depth).await,
        }
    }
}
