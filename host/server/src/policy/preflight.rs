//! CORS preflight requests (Fetch standard, section 3.2.2), with which a browser asks whether a
//! page may send a request.

use hyper::header::{ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use spikard_wasm_app::policy::Preflight;
use spikard_wasm_app::{App, Refusal};

use super::headers::{joined, set_cors};
use super::passage::{Origin, Passage};
use crate::request::RequestId;
use crate::response::HttpResponse;

/// Methods that static files support.
pub(super) const FILE_METHODS: &str = "GET, HEAD, OPTIONS";

/// Answers a preflight request by the policies of the route that it asks about. Returns the
/// response with the passage that finishes it. Returns `None` for other requests and if no CORS
/// policy applies: a response without CORS headers denies the browser's request.
pub(crate) fn preflight<'a>(
    app: &'a App,
    parts: &Parts,
    id: &mut RequestId,
) -> Option<(Passage<'a>, Result<HttpResponse, Refusal>)> {
    if parts.method != Method::OPTIONS {
        return None;
    }
    let method = parts.headers.get(ACCESS_CONTROL_REQUEST_METHOD)?;
    let path = parts.uri.path();
    let next = method.to_str().unwrap_or_default();
    let (policies, allow) = match app.about(next, path) {
        Some((Some(route), allow)) => (route.policies()?, allow),
        Some((None, allow)) => (app.policies()?, allow),
        None if app.mount(path).is_some() => (app.policies()?, FILE_METHODS),
        None => return None,
    };
    let cors = policies.cors.as_ref()?;
    let mut passage = Passage::begin(policies, parts, id);
    let Origin::One(origin) = std::mem::replace(&mut passage.origin, Origin::Answered) else {
        return None;
    };
    let headers = cors.of_preflight(Preflight {
        origin: origin.as_bytes(),
        method: method.as_bytes(),
        headers: &joined(&parts.headers, &ACCESS_CONTROL_REQUEST_HEADERS),
        allow,
    });
    let answer = headers.map(|headers| {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NO_CONTENT;
        set_cors(response.headers_mut(), &headers);
        response
    });
    Some((passage, answer))
}
