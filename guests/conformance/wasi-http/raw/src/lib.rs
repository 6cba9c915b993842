//! The contract of `../README.md`, with the plain bindings of WASI 0.2: no async, and every call
//! to the host is explicit.

mod bodies;
mod outgoing;

use std::sync::atomic::{AtomicU64, Ordering};

use wasip2::clocks::monotonic_clock;
use wasip2::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

use crate::bodies::Sink;

wasip2::http::proxy::export!(App);

struct App;

/// A pause between two pieces of a reply, in nanoseconds.
const PAUSE: u64 = 300_000_000;

static REQUESTS: AtomicU64 = AtomicU64::new(0);

impl wasip2::exports::http::incoming_handler::Guest for App {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let number = REQUESTS.fetch_add(1, Ordering::Relaxed) + 1;
        let target = request.path_with_query().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        match (request.method(), path) {
            (Method::Get | Method::Head, "/hello") => text(out, "hello"),
            (Method::Post, "/echo") => bodies::echo(request, out, false),
            (Method::Post, "/trailers") => bodies::echo(request, out, true),
            (Method::Post, "/count") => text(out, &bodies::count(request).to_string()),
            (Method::Get, "/stream") => stream(out),
            (Method::Get, "/big") => {
                let bytes = value(query, "bytes").and_then(|text| text.parse().ok());
                begin(out, 200, plain()).repeat(b'x', bytes.unwrap_or(0));
            }
            (Method::Get, "/headers") => headers(&request, out),
            (Method::Get, "/outgoing") => {
                outgoing::get(&value(query, "url").unwrap_or_default(), out);
            }
            (Method::Get, "/trap") => panic!("asked to trap"),
            (Method::Get, "/spin") => spin(),
            (Method::Get, "/state") => text(out, &number.to_string()),
            (Method::Get, "/env") => text(out, &environment()),
            (Method::Get, "/print") => {
                println!("a line on standard output");
                eprintln!("a line on standard error");
                text(out, "printed");
            }
            _ => begin(out, 404, plain()).end_with(b"not found"),
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

/// Sends the head of a reply and returns the sink for its body.
fn begin(out: ResponseOutparam, status: u16, headers: Fields) -> Sink {
    let response = OutgoingResponse::new(headers);
    response.set_status_code(status).expect("a status");
    let body: OutgoingBody = response.body().expect("a body that is taken once");
    ResponseOutparam::set(out, Ok(response));
    Sink::new(body)
}

fn text(out: ResponseOutparam, body: &str) {
    begin(out, 200, plain()).end_with(body.as_bytes());
}

/// Returns a value of the query.
fn value(query: &str, wanted: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find_map(|(name, value)| (name == wanted).then(|| value.into_owned()))
}

fn stream(out: ResponseOutparam) {
    let sink = begin(out, 200, plain());
    sink.write_all(b"first\n");
    monotonic_clock::subscribe_duration(PAUSE).block();
    sink.end_with(b"second\n");
}

fn headers(request: &IncomingRequest, out: ResponseOutparam) {
    let seen = request.headers().get("x-in");
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
    begin(out, 200, headers).end_with(b"headers");
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
