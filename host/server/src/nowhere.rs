//! Answers requests that are below no mount.

use std::sync::Arc;

use hyper::header::EXPECT;
use hyper::{Method, Request, Version};
use spikard_wasm_app::Refusal;
use spikard_wasm_runtime::Stamp;

use crate::access::Access;
use crate::body::{Inbound, RequestBody};
use crate::metrics::{self, Figures, Taken, WorkerFigures};
use crate::reply_body::ReplyBody;
use crate::request::RequestId;
use crate::response::{self, HttpResponse};
use crate::service::Arrival;

/// What such requests are counted and logged by.
pub(crate) const NAME: &str = "-";

/// Answers requests that are below no mount: 404, and metrics.
pub(crate) struct Nowhere {
    figures: Arc<WorkerFigures>,
    /// The figures of all workers, where they are served beside the apps.
    served: Option<Arc<Figures>>,
}

impl Nowhere {
    pub(crate) fn new(figures: Arc<WorkerFigures>, served: Option<Arc<Figures>>) -> Self {
        Self { figures, served }
    }

    pub(crate) async fn respond(&self, request: Request<Inbound>, from: Arrival) -> HttpResponse {
        let start = Stamp::now();
        let (parts, incoming) = request.into_parts();
        let uri = from.sent.as_ref().unwrap_or(&parts.uri);
        let access = Access::begin(&parts.method, uri);
        let mut body = RequestBody::new(incoming, parts.headers.contains_key(EXPECT));
        let response = match &self.served {
            Some(figures) if parts.uri.path() == metrics::PATH => {
                figures.answer(&parts.method).map(ReplyBody::from)
            }
            _ => response::of_refusal(Refusal::NotFound),
        };
        let response = match parts.method {
            Method::HEAD => response::without_body(response),
            _ => response,
        };
        let response = match parts.version < Version::HTTP_2 && !body.discard().await {
            true => response::closing(response),
            false => response,
        };
        let taken = Taken::new(Stamp::now().since(start), 0, None);
        self.figures
            .record(None, response.status().as_u16(), &taken);
        if let Some(access) = access {
            access.end(&RequestId::next(), (Some(NAME), None), &taken, &response);
        }
        response
    }
}
