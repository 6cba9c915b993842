//! Outgoing requests.

use wasip3::http::client;
use wasip3::http::types::{ErrorCode, Fields, Request, Response, Scheme};
use wasip3::wit_future;

use crate::{Reply, plain, with};

/// Replies with the response of a URL, or with the name of the error.
pub(crate) async fn get(url: &str) -> Reply {
    match ask(url).await {
        Ok(response) => {
            let status = response.get_status_code();
            let (_, result) = wit_future::new(|| Ok(()));
            let (stream, trailers) = Response::consume_body(response, result);
            let (reply, _) = Response::new(plain(), Some(stream), trailers);
            reply.set_status_code(status).expect("a status");
            Ok(reply)
        }
        Err(code) => {
            // `ErrorCode::HttpRequestDenied`, without the type's name.
            let name = format!("{code:?}");
            with(502, name.trim_start_matches("ErrorCode::"))
        }
    }
}

async fn ask(url: &str) -> Result<Response, ErrorCode> {
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
    let (_, no_trailers) = wit_future::new(|| Ok(None));
    let (request, _) = Request::new(Fields::new(), None, no_trailers, None);
    let invalid = |()| ErrorCode::HttpRequestUriInvalid;
    request.set_scheme(Some(&scheme)).map_err(invalid)?;
    request.set_authority(Some(authority)).map_err(invalid)?;
    request.set_path_with_query(Some(path)).map_err(invalid)?;
    client::send(request).await
}
