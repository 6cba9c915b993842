//! The contract of `../README.md`, with wstd.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_lite::stream::unfold;
use http_body_util::BodyExt;
use wstd::http::body::Bytes;
use wstd::http::error::ErrorCode;
use wstd::http::{Body, Client, Error, Method, Request, Response, StatusCode};
use wstd::time::Duration;

type Reply = Result<Response<Body>, Error>;

/// The size of a piece in bytes.
const PIECE: usize = 64 << 10;

static REQUESTS: AtomicU64 = AtomicU64::new(0);

#[wstd::http_server]
async fn main(request: Request<Body>) -> Reply {
    let number = REQUESTS.fetch_add(1, Ordering::Relaxed) + 1;
    match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/hello") => text("hello"),
        (&Method::POST, "/echo") => echo(request),
        (&Method::POST, "/count") => count(request).await,
        (&Method::GET, "/stream") => stream(),
        (&Method::GET, "/big") => big(&request),
        (&Method::GET, "/headers") => headers(&request),
        (&Method::GET, "/outgoing") => outgoing(&request).await,
        (&Method::GET, "/trap") => panic!("asked to trap"),
        (&Method::GET, "/spin") => spin(),
        (&Method::GET, "/state") => text(number.to_string()),
        (&Method::GET, "/env") => text(environment()),
        (&Method::GET, "/print") => print(),
        _ => reply(StatusCode::NOT_FOUND, "not found"),
    }
}

fn reply(status: StatusCode, body: impl Into<Body>) -> Reply {
    let builder = Response::builder().status(status);
    Ok(builder
        .header("content-type", "text/plain")
        .body(body.into())?)
}

fn text(body: impl Into<Body>) -> Reply {
    reply(StatusCode::OK, body)
}

/// Returns a value of the query.
fn query(request: &Request<Body>, wanted: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(request.uri().query()?.as_bytes());
    pairs.find_map(|(name, value)| (name == wanted).then(|| value.into_owned()))
}

fn echo(request: Request<Body>) -> Reply {
    let (parts, body) = request.into_parts();
    let mut response = Response::new(body);
    if let Some(kind) = parts.headers.get("content-type") {
        response.headers_mut().insert("content-type", kind.clone());
    }
    Ok(response)
}

async fn count(request: Request<Body>) -> Reply {
    let mut body = request.into_body().into_boxed_body();
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        bytes += frame?.data_ref().map_or(0, Bytes::len);
    }
    text(bytes.to_string())
}

fn stream() -> Reply {
    text(Body::from_stream(unfold(0, |step| async move {
        match step {
            0 => Some((Bytes::from("first\n"), 1)),
            1 => {
                wstd::task::sleep(Duration::from_millis(300)).await;
                Some((Bytes::from("second\n"), 2))
            }
            _ => None,
        }
    })))
}

fn big(request: &Request<Body>) -> Reply {
    let left = query(request, "bytes").and_then(|text| text.parse::<usize>().ok());
    let piece = Bytes::from(vec![b'x'; PIECE]);
    text(Body::from_stream(unfold(left.unwrap_or(0), move |left| {
        let next = piece.slice(..left.min(PIECE));
        async move { (left > 0).then(|| (next, left.saturating_sub(PIECE))) }
    })))
}

fn headers(request: &Request<Body>) -> Reply {
    let seen = request.headers().get_all("x-in").iter();
    let seen: Vec<_> = seen.filter_map(|value| value.to_str().ok()).collect();
    let builder = Response::builder().header("content-type", "text/plain");
    let builder = builder.header("x-multi", "one").header("x-multi", "two");
    Ok(builder
        .header("x-seen", seen.join("|"))
        .body("headers".into())?)
}

async fn outgoing(request: &Request<Body>) -> Reply {
    let url = query(request, "url").unwrap_or_default();
    let outgoing = match Request::get(url).body(()) {
        Ok(outgoing) => outgoing,
        Err(error) => return reply(StatusCode::BAD_REQUEST, error.to_string()),
    };
    match Client::new().send(outgoing).await {
        Ok(response) => reply(response.status(), response.into_body()),
        Err(error) => {
            // `ErrorCode::HttpRequestDenied`, without the type's name.
            let name = error
                .downcast_ref::<ErrorCode>()
                .map(|code| format!("{code:?}"));
            let name = name.unwrap_or_else(|| error.to_string());
            reply(
                StatusCode::BAD_GATEWAY,
                name.trim_start_matches("ErrorCode::").to_owned(),
            )
        }
    }
}

fn spin() -> ! {
    loop {
        std::hint::black_box(());
    }
}

fn environment() -> String {
    std::env::vars()
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect()
}

fn print() -> Reply {
    println!("a line on standard output");
    eprintln!("a line on standard error");
    std::io::stdout().flush()?;
    text("printed")
}
