//! An HTTP server that waits before each reply, as the upstream of handlers that send requests.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use clap::Args;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;

use super::local;

/// Options of `upstream`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    #[arg(long)]
    port: u16,
    /// Milliseconds before each reply
    #[arg(long, default_value_t = 20)]
    delay_ms: u64,
}

/// Serves until the process is killed: `GET /numbers/7` replies with `{"number":7}`.
pub fn run(options: &Options) -> Result<()> {
    let delay = Duration::from_millis(options.delay_ms);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    local::serve(address, async move |request| {
        tokio::time::sleep(delay).await;
        Ok::<_, Infallible>(answer(&request))
    })
}

fn answer(request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let number = request.uri().path().strip_prefix("/numbers/");
    let Some(number) = number.and_then(|text| text.parse::<u32>().ok()) else {
        let mut missing = Response::new(Full::default());
        *missing.status_mut() = StatusCode::NOT_FOUND;
        return missing;
    };
    let mut response = Response::new(Full::from(format!("{{\"number\":{number}}}")));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
