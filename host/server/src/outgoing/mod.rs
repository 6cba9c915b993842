//! Outgoing requests of an app, to granted origins and to other apps of this host.
//!
//! Each worker has a separate connection pool per app, so that no app reuses a connection of
//! another one. Requests to other apps need no socket. The host does not follow redirects;
//! `wasi:http` leaves them to the guest.

mod client;
mod failure;
mod figures;
mod limited;
mod slots;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::http::uri::Scheme;
use hyper::{Request, Uri};
use spikard_wasm_app::Grants;
use spikard_wasm_app::grants::{OutgoingRules, OutgoingScheme};
use spikard_wasm_runtime::{Outbound, OutboundError, OutboundOptions, Sent, StreamBody};
use tokio::time::Instant;

use self::client::Clients;
pub(crate) use self::figures::OutgoingFigures;
use self::limited::ResponseLimits;
use self::slots::Slots;
use crate::internal;

/// Suffix of the host names of apps of this host. ICANN reserved `internal` for private use in
/// 2024.
const APPS: &str = ".app.internal";

/// Maximum length of a chain of apps that call one another for one request.
const MAX_DEPTH: u32 = 8;

/// Sends the outgoing requests of one app.
#[derive(Debug)]
pub struct Outgoing {
    app: Arc<str>,
    rules: OutgoingRules,
    clients: Arc<Clients>,
    slots: Arc<Slots>,
    figures: Arc<OutgoingFigures>,
}

/// Maximum time to discard the body of a refused request.
const REFUSED_BODY: Duration = Duration::from_secs(10);

/// Destination of a request.
enum Destination {
    App(String),
    Origin,
}

impl Outgoing {
    /// Creates the sender for the app with this name and these grants.
    #[must_use]
    pub fn new(app: &str, grants: &Grants) -> Self {
        let rules = grants.outgoing.clone();
        let figures = Arc::default();
        Self {
            app: app.into(),
            clients: Arc::new(Clients::new(&rules)),
            slots: Arc::new(Slots::new(rules.max_requests, &figures)),
            rules,
            figures,
        }
    }

    /// Returns the counters of the app's outgoing requests.
    pub(crate) fn figures(&self) -> &Arc<OutgoingFigures> {
        &self.figures
    }

    fn destination(
        &self,
        uri: &Uri,
        options: &OutboundOptions,
    ) -> Result<Destination, OutboundError> {
        let shown = shown(uri);
        let denied = |why: &str| {
            self.figures.denied();
            tracing::warn!(app = %self.app, to = %shown, "outgoing request denied; {why}");
            OutboundError::Denied(format!("request to `{shown}` denied; {why}"))
        };
        let scheme = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => OutgoingScheme::Http,
            Some(scheme) if *scheme == Scheme::HTTPS => OutgoingScheme::Https,
            _ => return Err(denied("use the scheme `http` or `https`")),
        };
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        if authority.contains('@') {
            return Err(denied("remove the user from the authority"));
        }
        let host = uri.host().unwrap_or_default().to_ascii_lowercase();
        if let Some(name) = host.strip_suffix(APPS) {
            if !self.rules.admits_app(name) {
                return Err(denied(&format!(
                    "add `app://{name}` to `allow` of `[grants.outgoing]`"
                )));
            }
            if options.depth >= MAX_DEPTH {
                self.figures.denied();
                return Err(OutboundError::Loop(MAX_DEPTH));
            }
            return Ok(Destination::App(name.to_owned()));
        }
        let port = uri.port_u16().unwrap_or(scheme.default_port());
        if !self.rules.admits(scheme, &host, port) {
            let origin = shown.as_str();
            return Err(denied(&format!(
                "add `{origin}` to `allow` of `[grants.outgoing]`"
            )));
        }
        // Names are checked again after DNS resolution.
        if let Ok(address) = host.trim_matches(['[', ']']).parse()
            && !self.rules.admits_address(&host, address)
        {
            return Err(denied(
                "the address is private; add it to `allow` of `[grants.outgoing]`",
            ));
        }
        Ok(Destination::Origin)
    }

    /// Returns the maximum time to the head of the response.
    fn head_time(&self, options: &OutboundOptions) -> Duration {
        let max = self.rules.timeout;
        let connect = options.connect_timeout.unwrap_or(Duration::ZERO);
        let head = options.first_byte_timeout;
        head.map_or(max, |head| head.saturating_add(connect).min(max))
    }
}

impl Outbound for Outgoing {
    fn send(&self, request: Request<StreamBody>, options: OutboundOptions) -> SendFuture {
        let uri = request.uri().clone();
        let destination = match self.destination(&uri, &options) {
            Ok(destination) => destination,
            Err(error) => return refuse(request, error),
        };
        let shown = shown(&uri);
        let between = options.between_bytes_timeout.unwrap_or(self.rules.timeout);
        let between = between.min(self.rules.timeout);
        let max = self.rules.max_response;
        if let Destination::App(name) = destination {
            // Apps that call one another do not wait for a slot: each could hold the slots for
            // which the other one waits.
            let slot = match self.slots.try_take() {
                Ok(slot) => slot,
                Err(error) => return refuse(request, error),
            };
            let limits = ResponseLimits::new(slot, shown, between, max);
            let host = format!("{name}{APPS}");
            let Some(response) = internal::dispatch(&name, request, options.depth + 1) else {
                return ready(OutboundError::Dns(host));
            };
            return Box::pin(async move {
                let stopping =
                    || OutboundError::Connect(host, "the host is shutting down".to_owned());
                let response = response.await.ok_or_else(stopping)?;
                Ok(limits.apply(response))
            });
        }
        let head = self.head_time(&options);
        let (slots, clients) = (self.slots.clone(), self.clients.clone());
        let (figures, app) = (self.figures.clone(), self.app.clone());
        Box::pin(async move {
            // The wait for a slot is part of the time to the head.
            let deadline = Instant::now() + head;
            let slot = match slots.take(deadline).await {
                Ok(slot) => slot,
                Err(error) => return refuse(request, error).await,
            };
            let limits = ResponseLimits::new(slot, shown.clone(), between, max);
            let response = tokio::time::timeout_at(deadline, clients.send(request)).await;
            let error = match response {
                Ok(Ok(response)) => return Ok(limits.apply(response)),
                Ok(Err(error)) => failure::of(&shown, &error),
                Err(_) => OutboundError::ResponseTimeout(shown, head),
            };
            figures.failed();
            tracing::warn!(%app, %error, "outgoing request failed");
            Err(error)
        })
    }
}

type SendFuture = Pin<Box<dyn Future<Output = Sent> + Send>>;

fn ready(error: OutboundError) -> SendFuture {
    Box::pin(std::future::ready(Err(error)))
}

/// Refuses a request and discards its body, so that the guest gets this error instead of a
/// failed write.
fn refuse(request: Request<StreamBody>, error: OutboundError) -> SendFuture {
    let mut body = request.into_body();
    tokio::spawn(tokio::time::timeout(REFUSED_BODY, async move {
        while let Some(Ok(_)) = body.frame().await {}
    }));
    ready(error)
}

/// Formats the origin of a URI, without a user.
fn shown(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or("http");
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}").to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
