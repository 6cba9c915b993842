//! The contract of `../README.md`, with the bindings of WASI 0.3: one instance may handle many
//! requests concurrently.

mod bodies;
mod outgoing;

use std::sync::atomic::{AtomicU64, Ordering};

use wasip3::clocks::monotonic_clock;
use wasip3::http::types::{ErrorCode, Fields, Method, Request, Response};

use crate::bodies::reply;

wasip3::http::service::export!(App);

struct App;

type Reply = Result<Response, ErrorCode>;

/// A pause between two pieces of a reply, in nanoseconds.
const PAUSE: u64 = 300_000_000;

static REQUESTS: AtomicU64 = AtomicU64::new(0);

impl wasip3::exports::http::handler::Guest for App {
    async fn handle(request: Request) -> Reply {
        let number = REQUESTS.fetch_add(1, Ordering::Relaxed) + 1;
        let target = request.get_path_with_query().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        match (request.get_method(), path) {
            (Method::Get | Method::Head, "/hello") => text("hello"),
            (Method::Post, "/echo") => bodies::echo(request),
            (Method::Post, "/trailers") => bodies::echo_with_trailers(request),
            (Method::Post, "/count") => text(bodies::count(request).await?.to_string()),
            (Method::Get, "/stream") => reply(200, plain(), async |sink| {
                sink.write_all(b"first\n".to_vec()).await;
                monotonic_clock::wait_for(PAUSE).await;
                sink.write_all(b"second\n".to_vec()).await;
            }),
            (Method::Get, "/big") => {
                let bytes = value(query, "bytes").and_then(|text| text.parse().ok());
                bodies::repeat(b'x', bytes.unwrap_or(0))
            }
            (Method::Get, "/headers") => headers(&request),
            (Method::Get, "/outgoing") => {
                outgoing::get(&value(query, "url").unwrap_or_default()).await
            }
            (Method::Get, "/trap") => panic!("asked to trap"),
            (Method::Get, "/spin") => spin(),
            (Method::Get, "/state") => text(number.to_string()),
            (Method::Get, "/env") => text(environment()),
            (Method::Get, "/print") => {
                println!("a line on standard output");
                eprintln!("a line on standard error");
                text("printed")
            }
            _ => with(404, "not found"),
        }
    }
}

fn plain() -> Fields {
    fields(&[("content-type", "text/plain")])
}

fn fields(entries: &[(&str, &str)]) -> Fields {
    let entries: Vec<_> = entries
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
        .collect();
    Fields::from_list(&entries).expect("headers that HTTP allows")
}

fn with(status: u16, body: impl Into<Vec<u8>>) -> Reply {
    let body = body.into();
    reply(status, plain(), async move |sink| {
        sink.write_all(body).await;
    })
}

fn text(body: impl Into<Vec<u8>>) -> Reply {
    with(200, body)
}

/// Returns a value of the query.
fn value(query: &str, wanted: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find_map(|(name, value)| (name == wanted).then(|| value.into_owned()))
}

fn headers(request: &Request) -> Reply {
    let seen = request.get_headers().get("x-in");
    let seen: Vec<_> = seen
        .iter()
        .map(|value| String::from_utf8_lossy(value))
        .collect();
    let headers = fields(&[
        ("content-type", "text/plain"),
        ("x-multi", "one"),
        ("x-multi", "two"),
        ("x-seen", &seen.join("|")),
    ]);
    reply(200, headers, async |sink| {
        sink.write_all(b"headers".to_vec()).await;
    })
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
