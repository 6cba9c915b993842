//! Outgoing requests: the kinds `fetch`, `fetch.write`, `fetch.read` and `fetch.close`.
//!
//! The app's [`Outbound`] sends every request, including each one that follows a redirect, so its
//! allow list and its limits apply to all of them. A response that has already arrived with its
//! head is the result; otherwise its [body](body) stays with the task, and `fetch.read` continues it.

mod arguments;
pub(super) mod bodies;
mod body;
mod failure;
mod raw;
mod redirect;
mod request;
mod response;
pub(super) mod uploads;

use std::time::Duration;

use serde::Deserialize;
use spikard_wasm_services::{Failed, Outcome, Payload};

use self::arguments::{Exchange, Fetch};
use self::request::Request;
use self::uploads::bytes;
use super::head::{parse, unknown};
use super::resources::Resources;
use super::result::{Operation, OperationResult, ready};
use super::services::Services;
use crate::current::Current;
use crate::outbound::OutboundOptions;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Number {
    body: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Write {
    upload: u32,
    #[serde(default)]
    end: bool,
}

/// Starts an operation.
///
/// # Errors
/// The kind is unknown, the arguments are invalid, or the task has no such body.
pub(super) fn start(
    services: &Services<'_>,
    resources: &mut Resources,
    kind: &str,
    head: &str,
    body: Payload,
) -> Result<Operation, Failed> {
    match kind {
        "fetch" => fetch(services, resources, parse(kind, head)?, body),
        "fetch.write" => {
            let Write { upload, end } = parse(kind, head)?;
            resources.uploads.write(upload, end, body)
        }
        "fetch.read" => {
            let Number { body } = parse(kind, head)?;
            resources.bodies.read(body)
        }
        "fetch.close" => {
            let Number { body } = parse(kind, head)?;
            resources.bodies.close(body);
            Ok(ready(Ok(Outcome::new(String::new(), Payload::Empty))))
        }
        _ => Err(unknown(kind)),
    }
}

fn fetch(
    services: &Services<'_>,
    resources: &mut Resources,
    fetch: Fetch,
    body: Payload,
) -> Result<Operation, Failed> {
    let rules = &services.capabilities.grants.outgoing;
    let limit = time_limit(fetch.timeout_ms, rules.timeout)?;
    let mut request = Request::new(&fetch, bytes(body))?;
    if let Some(number) = fetch.upload {
        request.upload(number, &mut resources.uploads)?;
    }
    request.trace(services.current);
    let exchange = Exchange {
        outbound: services.capabilities.outbound.clone(),
        depth: depth(services.current),
        redirect: fetch.redirect,
        decompress: fetch.decompress,
        max_body: rules.max_response,
        bodies: resources.bodies.weak(),
    };
    Ok(Box::pin(async move {
        // The request is also the last one that was sent, when the time is over.
        match tokio::time::timeout(limit, exchange.run(&mut request)).await {
            Ok(result) => result,
            Err(_) => Err(Failed::new(
                "timeout",
                format!("no response from `{}` within {limit:?}", request.origin()),
            )),
        }
    }))
}

/// Returns the time until the head of the response.
fn time_limit(wanted: Option<f64>, most: Duration) -> Result<Duration, Failed> {
    let Some(millis) = wanted else {
        return Ok(most);
    };
    match Duration::try_from_secs_f64(millis / 1000.0) {
        Ok(time) if !time.is_zero() => Ok(time.min(most)),
        // Larger than any duration.
        Err(_) if millis.is_finite() && millis > 0.0 => Ok(most),
        _ => Err(Failed::new(
            "invalid",
            format!("`timeout_ms` is `{millis}`; use a number greater than 0, or omit it"),
        )),
    }
}

/// Returns the length of the chain of apps that led to a request.
fn depth(current: &Current) -> u32 {
    match current {
        Current::Request(request) => request.depth(),
        Current::Http(call) => call.depth(),
        Current::Nothing | Current::Service(_) => 0,
    }
}

impl Exchange {
    /// Sends the request, follows its redirects and returns the response.
    async fn run(&self, request: &mut Request) -> OperationResult {
        let options = OutboundOptions {
            connect_timeout: None,
            first_byte_timeout: None,
            between_bytes_timeout: None,
            depth: self.depth,
        };
        loop {
            let sent = self.outbound.send(request.next_http()?, options).await;
            let response = sent.map_err(|error| failure::of(&error))?;
            if !request.redirect(&response, self.redirect)? {
                return response::outcome(self, request, response).await;
            }
        }
    }
}

#[cfg(test)]
mod tests;
