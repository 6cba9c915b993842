//! A server with known behavior for tests of the harness: each request takes a fixed time, and
//! options make it stall, fail, send wrong replies or exit.

use std::cell::Cell;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Result;
use bytes::Bytes;
use clap::Args;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;

use super::local;

/// Options of `artificial`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    #[arg(long)]
    port: u16,
    /// CPU time of each request in microseconds
    #[arg(long, default_value_t = 0)]
    service_us: u64,
    /// Factor on the service time
    #[arg(long, default_value_t = 1.0)]
    slowdown: f64,
    /// Milliseconds for which the whole server stalls, once a second
    #[arg(long, default_value_t = 0)]
    stall_ms: u64,
    /// Answer every Nth request with 500; 0 is never
    #[arg(long, default_value_t = 0)]
    error_every: u64,
    /// Send a wrong body for every Nth request; 0 is never
    #[arg(long, default_value_t = 0)]
    wrong_every: u64,
    /// Exit at this request; 0 is never
    #[arg(long, default_value_t = 0)]
    die_at: u64,
    /// Stop answering from this request on; 0 is never
    #[arg(long, default_value_t = 0)]
    hang_at: u64,
    /// Print this on standard error and never become ready
    #[arg(long)]
    never_ready: Option<String>,
}

/// Serves until the process is killed.
pub fn run(options: &Options) -> Result<()> {
    if let Some(words) = &options.never_ready {
        eprintln!("{words}");
        std::thread::sleep(Duration::from_secs(600));
    }
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let state: Rc<State> = Rc::new((
        options.clone(),
        Cell::new(0_u64),
        Cell::new(Instant::now() + Duration::from_secs(1)),
    ));
    local::serve(address, async move |request| answer(&state, request).await)
}

type State = (Options, Cell<u64>, Cell<Instant>);

async fn answer(
    state: &State,
    request: http::Request<hyper::body::Incoming>,
) -> std::result::Result<Response<Full<Bytes>>, Infallible> {
    let (options, count, next_stall) = state;
    let json = |status, text: &'static str| {
        let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
        *response.status_mut() = status;
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    };
    if request.uri().path() == "/health" {
        return Ok(json(StatusCode::OK, "{}"));
    }
    let number = count.get() + 1;
    count.set(number);
    let is = |every: u64| every > 0 && number % every == 0;
    if options.die_at > 0 && number >= options.die_at {
        eprintln!("artificial: exiting at request {number} as configured");
        std::process::exit(3);
    }
    if options.hang_at > 0 && number >= options.hang_at {
        tokio::time::sleep(Duration::from_secs(600)).await;
    }
    if options.stall_ms > 0 && Instant::now() >= next_stall.get() {
        next_stall.set(Instant::now() + Duration::from_secs(1));
        // Block the thread, unlike `tokio::time::sleep`: the whole server is to stall.
        std::thread::sleep(Duration::from_millis(options.stall_ms));
    }
    spin(Duration::from_secs_f64(
        options.service_us as f64 * options.slowdown / 1e6,
    ));
    if is(options.error_every) {
        return Ok(json(StatusCode::INTERNAL_SERVER_ERROR, "{}"));
    }
    if is(options.wrong_every) {
        return Ok(json(StatusCode::OK, "{\"message\":\"Goodbye\"}"));
    }
    Ok(json(StatusCode::OK, "{\"message\":\"Hello, World!\"}"))
}

/// Keeps the core busy for an amount of this thread's CPU time, whatever else the machine runs.
fn spin(time: Duration) {
    let now = || {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    };
    let until = now() + time;
    while now() < until {}
}
