//! Outgoing requests.

use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingResponse, OutgoingBody, OutgoingRequest, ResponseOutparam, Scheme,
};

use crate::{begin, bodies, plain};

/// Replies with the response of a URL, or with the name of the error.
pub(crate) fn get(url: &str, out: ResponseOutparam) {
    match ask(url) {
        Ok(response) => {
            let sink = begin(out, response.status(), plain());
            let body = response.consume().expect("a body that is taken once");
            bodies::copy(&body, &sink);
            sink.end(None);
        }
        Err(code) => {
            // `ErrorCode::HttpRequestDenied`, without the type's name.
            let name = format!("{code:?}");
            let name = name.trim_start_matches("ErrorCode::");
            begin(out, 502, plain()).end_with(name.as_bytes());
        }
    }
}

fn ask(url: &str) -> Result<IncomingResponse, ErrorCode> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let (authority, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, "/"),
    };
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    };
    let request = OutgoingRequest::new(Fields::new());
    let invalid = |()| ErrorCode::HttpRequestUriInvalid;
    request.set_scheme(Some(&scheme)).map_err(invalid)?;
    request.set_authority(Some(authority)).map_err(invalid)?;
    request.set_path_with_query(Some(path)).map_err(invalid)?;
    let body = request.body().expect("a body that is taken once");
    let response = outgoing_handler::handle(request, None)?;
    OutgoingBody::finish(body, None)?;
    loop {
        match response.get() {
            Some(response) => return response.expect("a response that is taken once"),
            None => response.subscribe().block(),
        }
    }
}
