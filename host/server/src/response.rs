//! Builds HTTP responses from replies and refusals. Only the host sets framing headers.

use bytes::Bytes;
use hyper::body::Body;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use spikard_wasm_app::{Problem, Refusal, Route, is_bodiless};
use spikard_wasm_runtime::{CallError, Content, Reply};

use crate::metrics::{Part, StageTimes};
use crate::reply_body::ReplyBody;

pub(crate) type HttpResponse = Response<ReplyBody>;

/// Headers that frame a message or belong to the connection (RFC 9110, section 7.6.1). The
/// host drops them from replies.
const HOST_ONLY: [HeaderName; 8] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Headers that the host drops from `wasi:http` replies. Content-Length is handled separately,
/// and Trailer stays: these replies may have trailers, which HTTP/1.1 must announce.
pub(crate) const OF_CONNECTION: [HeaderName; 6] = [
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::TE,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Converts the reply of a route to a response. If `check` is true, the reply must match the
/// route's declaration.
///
/// # Errors
/// Same as [`of_reply`], and a reply that does not match the declaration.
pub(crate) fn of_route(
    reply: Reply,
    route: &Route,
    check: bool,
) -> Result<HttpResponse, CallError> {
    if check {
        let mut headers = reply.headers.iter();
        let named = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let content_type = named.map(|(_, value)| value.as_str());
        let content_type = content_type.or(default_type(&reply.content));
        let bytes = match &reply.content {
            Content::Empty => [].as_slice(),
            Content::Json(text) | Content::Text(text) => text.as_bytes(),
            Content::Bytes(bytes) => bytes.as_slice(),
        };
        route
            .check_reply(reply.status, content_type, bytes)
            .map_err(CallError::BadReply)?;
    }
    of_reply(reply)
}

/// Returns the content type of a reply that declares none.
fn default_type(content: &Content) -> Option<&'static str> {
    match content {
        Content::Empty => None,
        Content::Json(_) => Some("application/json"),
        Content::Text(_) => Some("text/plain; charset=utf-8"),
        Content::Bytes(_) => Some("application/octet-stream"),
    }
}

/// Converts a reply to a response.
///
/// # Errors
/// A status or header that is invalid in HTTP.
pub(crate) fn of_reply(reply: Reply) -> Result<HttpResponse, CallError> {
    let bad = CallError::BadReply;
    let status = StatusCode::from_u16(reply.status).map_err(|_| {
        bad(format!(
            "its status `{}` is not an HTTP status",
            reply.status
        ))
    })?;
    let default_type = default_type(&reply.content);
    let body: Bytes = match reply.content {
        Content::Empty => Bytes::new(),
        Content::Json(text) | Content::Text(text) => text.into(),
        Content::Bytes(bytes) => bytes.into(),
    };
    let mut headers = HeaderMap::new();
    for (name, value) in &reply.headers {
        let name = HeaderName::try_from(name)
            .map_err(|_| bad(format!("`{}` is not a header name", name.escape_debug())))?;
        let value = HeaderValue::try_from(value)
            .map_err(|_| bad(format!("its header `{name}` contains a control character")))?;
        if !HOST_ONLY.contains(&name) {
            // `HeaderMap` holds at most 32768 names; the configured limit may be higher.
            let added = headers.try_append(name, value);
            added.map_err(|_| bad("it has more than 32768 headers".to_owned()))?;
        }
    }
    if let Some(default) = default_type {
        headers
            .entry(header::CONTENT_TYPE)
            .or_insert(HeaderValue::from_static(default));
    }
    let body = match is_bodiless(status.as_u16()) {
        true => Bytes::new(),
        false => body,
    };
    let mut response = Response::new(ReplyBody::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// Converts a refusal to a response with a problem document.
pub(crate) fn of_refusal(refusal: Refusal) -> HttpResponse {
    of_reply(problem(refusal)).unwrap_or_else(|_| {
        let mut response = Response::new(ReplyBody::default());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

/// Converts a refusal to a reply, which hooks can read.
pub(crate) fn problem(refusal: Refusal) -> Reply {
    let extra = refusal.header();
    let problem = refusal.into_problem();
    let content_type = ("content-type".to_owned(), Problem::CONTENT_TYPE.to_owned());
    let extra = extra.map(|(name, value)| (name.to_owned(), value));
    Reply {
        status: problem.status,
        headers: std::iter::once(content_type).chain(extra).collect(),
        content: Content::Json(problem.to_json()),
    }
}

/// Returns the length of a response body, or of the body that HEAD omits; `None` if it is
/// unknown.
pub(crate) fn length(response: &HttpResponse) -> Option<u64> {
    let declared = response.headers().get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|value| value.to_str().ok()?.parse().ok());
    declared.or_else(|| response.body().size_hint().exact())
}

/// Removes the body of a response to HEAD but keeps its length. hyper does this for HTTP/1.1
/// only.
pub(crate) fn without_body(mut response: HttpResponse) -> HttpResponse {
    if matches!(response.body(), ReplyBody::Unsent) {
        return response;
    }
    let length = length(&response);
    *response.body_mut() = unsent(response.headers_mut(), length);
    response
}

/// Returns the omitted body of a response to HEAD and sets Content-Length if `length` is known.
pub(crate) fn unsent(headers: &mut HeaderMap, length: Option<u64>) -> ReplyBody {
    match length {
        Some(0) => ReplyBody::default(),
        Some(length) => {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
            ReplyBody::default()
        }
        None => ReplyBody::Unsent,
    }
}

/// Adds `Connection: close`, because the request body was not read.
pub(crate) fn closing(mut response: HttpResponse) -> HttpResponse {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

/// Adds the `Server-Timing` header (W3C Server Timing), which browsers display. Stages that
/// took no time are omitted.
pub(crate) fn timed(response: &mut HttpResponse, times: &StageTimes) {
    let millis = |nanos: u64| nanos as f64 / 1e6;
    let parts = Part::all().filter(|part| times.part(*part) != 0);
    let parts = parts.map(|part| format!("{};dur={:.3}", part.as_str(), millis(times.part(part))));
    let total = format!("total;dur={:.3}", millis(times.total));
    let value = parts.chain([total]).collect::<Vec<_>>().join(", ");
    if let Ok(value) = HeaderValue::try_from(value) {
        let name = HeaderName::from_static("server-timing");
        response.headers_mut().append(name, value);
    }
}

/// Builds the response to OPTIONS for a path without an OPTIONS route.
pub(crate) fn of_options(allow: &str) -> HttpResponse {
    let mut response = Response::new(ReplyBody::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    if let Ok(value) = HeaderValue::try_from(allow) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}

/// Builds the permanent redirect to the canonical form of a path. `prefix` is the app's mount
/// prefix.
pub(crate) fn of_redirect(prefix: &str, path: &str, query: Option<&str>) -> HttpResponse {
    // A location that begins with `//` would name another host (RFC 3986, section 4.2).
    let is_other = prefix.is_empty() && path.starts_with("//");
    let dot = if is_other { "/." } else { "" };
    let mark = query.map_or("", |_| "?");
    let to = format!("{prefix}{dot}{path}{mark}{}", query.unwrap_or_default());
    let mut response = Response::new(ReplyBody::default());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    if let Ok(value) = HeaderValue::try_from(to) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, headers: &[(&str, &str)], content: Content) -> Reply {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Reply {
            status,
            headers: headers.iter().map(own).collect(),
            content,
        }
    }

    #[test]
    fn content_determines_the_default_content_type() {
        let json = of_reply(reply(201, &[], Content::Json("{}".into()))).unwrap();
        assert_eq!(json.status(), 201);
        assert_eq!(json.headers()["content-type"], "application/json");
        let html = [
            ("Content-Type", "text/html"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
        ];
        let html = of_reply(reply(200, &html, Content::Text("<p>".into()))).unwrap();
        assert_eq!(html.headers()["content-type"], "text/html");
        assert_eq!(html.headers().get_all("set-cookie").iter().count(), 2);
        let none = of_reply(reply(200, &[], Content::Empty)).unwrap();
        assert!(none.headers().is_empty());
    }

    #[test]
    fn framing_headers_of_a_reply_are_dropped() {
        let framing = [
            ("content-length", "7"),
            ("Transfer-Encoding", "chunked"),
            ("connection", "close"),
        ];
        let response = of_reply(reply(200, &framing, Content::Empty)).unwrap();
        assert!(response.headers().is_empty());
        for status in [204, 205, 304] {
            let response = of_reply(reply(status, &[], Content::Text("body".into()))).unwrap();
            assert!(response.body().is_end_stream(), "{status}");
        }
    }

    #[test]
    fn too_many_headers_are_rejected() {
        let names: Vec<String> = (0..100_000).map(|number| format!("x-{number}")).collect();
        let headers: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "y")).collect();
        let response = of_reply(reply(200, &headers, Content::Empty));
        assert!(matches!(response, Err(CallError::BadReply(_))));
    }

    #[test]
    fn invalid_headers_are_rejected() {
        for (name, value) in [
            ("a b", "x"),
            ("", "x"),
            ("a", "x\r\nb: c"),
            ("a", "x\0"),
            ("a\n", "x"),
        ] {
            let response = of_reply(reply(200, &[(name, value)], Content::Empty));
            assert!(
                matches!(response, Err(CallError::BadReply(_))),
                "{name:?}: {value:?}"
            );
        }
    }
}
