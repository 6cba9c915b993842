//! Outgoing requests of an app: to granted origins, and to other apps of this host without a socket.
//!
//! Each worker has separate connections per app, so that no app reuses a connection that another
//! may use. Redirects are not followed; `wasi:http` leaves them to the guest.

mod client;
mod failure;
mod figures;
mod limited;

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

use self::client::Clients;
pub(crate) use self::figures::OutgoingFigures;
use self::figures::UnderWay;
#[allow(unused_imports)]
use self::limited::Limited;
use crate::internal;

/// How the authority of another app of this host ends. `internal` is nobody's on the
/// Internet: ICANN reserved it for private use in 2024.
const APPS: &str = ".app.internal";

/// How many apps may call one another for one request.
const MAX_DEPTH: u32 = 8;

/// What sends the requests of one app.
#[derive(Debug)]
pub struct Outgoing {
    app: Arc<str>,
    rules: OutgoingRules,
    clients: Clients,
    figures: Arc<OutgoingFigures>,
}

/// How long the body of a refused request is read.
const REFUSED_BODY: Duration = Duration::from_secs(10);

/// Where a request goes.
enum Destination {
    App(String),
    Origin { shown: String, head: Duration },
}

impl Outgoing {
    /// What sends the requests of the app of this name, as far as its grants go.
    #[must_use]
    pub fn new(app: &str, grants: &Grants) -> Self {
        let rules = grants.outgoing.clone();
        Self {
            app: app.into(),
            clients: Clients::new(&rules),
            rules,
            figures: Arc::default(),
        }
    }

    /// Counters of the app's outgoing requests.
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
        let most = self.rules.timeout;
        let connect = options.connect_timeout.unwrap_or(Duration::ZERO);
        let head = options
            .first_byte_timeout
            .map_or(most, |head| head.saturating_add(connect));
        Ok(Destination::Origin {
            shown,
            head: head.min(most),
        })
    }
}

impl Outbound for Outgoing {
    fn send(&self, request: Request<StreamBody>, options: OutboundOptions) -> Sending {
        let destination = match self.destination(request.uri(), &options) {
            Ok(destination) => destination,
            Err(error) => return refuse(request, error),
        };
        let Some(under_way) = UnderWay::begin(&self.figures, self.rules.max_requests) else {
            return refuse(request, OutboundError::TooMany(self.rules.max_requests));
        };
        let between = options
            .between_bytes_timeout
            .unwrap_or(self.rules.timeout)
            .min(self.rules.timeout);
        let limited = Limited::new(under_way, between, self.rules.max_response);
        match destination {
            Destination::App(name) => {
                let host = format!("{name}{APPS}");
                let Some(answer) = internal::dispatch(&name, request, options.depth + 1) else {
                    return ready(OutboundError::Dns(host));
                };
                Box::pin(async move {
                    let stops =
                        || OutboundError::Connect(host, "the host is shutting down".to_owned());
                    answer
                        .await
                        .map(|response| limited.of(response))
                        .ok_or_else(stops)
                })
            }
            Destination::Origin { shown, head } => {
                let sent = self.clients.send(request);
                let figures = self.figures.clone();
                let app = self.app.clone();
                Box::pin(async move {
                    let response = match tokio::time::timeout(head, sent).await {
                        Ok(Ok(response)) => Ok(limited.of(response)),
                        Ok(Err(error)) => Err(failure::of(&shown, &error)),
                        Err(_) => Err(OutboundError::ResponseTimeout(shown, head)),
                    };
                    if let Err(error) = &response {
                        figures.failed();
                        tracing::warn!(%app, %error, "outgoing request failed");
                    }
                    response
                })
            }
        }
    }
}

type Sending = Pin<Box<dyn Future<Output = Sent> + Send>>;

fn ready(error: OutboundError) -> Sending {
    Box::pin(std::future::ready(Err(error)))
}

/// Refuses a request. What the guest still writes of its body goes nowhere: it is to hear
/// of the refusal, not of a body that nobody takes.
fn refuse(request: Request<StreamBody>, error: OutboundError) -> Sending {
    let mut body = request.into_body();
    tokio::spawn(tokio::time::timeout(REFUSED_BODY, async move {
        while let Some(Ok(_)) = body.frame().await {}
    }));
    ready(error)
}

/// The origin of a URI.
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
