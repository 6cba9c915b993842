//! HTTP client of an app, one per worker.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::thread::{self, ThreadId};
use std::time::Duration;

use hyper::Request;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::client::legacy::{Client, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use spikard_wasm_app::grants::OutgoingRules;
use spikard_wasm_runtime::StreamBody;

/// Maximum time that an idle connection is kept.
const IDLE: Duration = Duration::from_secs(30);

/// Maximum size of a response head in bytes.
const MAX_HEAD: usize = 64 << 10;

type Connector = HttpsConnector<HttpConnector<Resolver>>;

/// HTTP clients of an app, one per worker, created on first use.
pub(super) struct Clients {
    rules: Arc<OutgoingRules>,
    by_worker: Mutex<HashMap<ThreadId, Client<Connector, StreamBody>>>,
}

impl std::fmt::Debug for Clients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clients")
    }
}

impl Clients {
    pub(super) fn new(rules: &OutgoingRules) -> Self {
        Self {
            rules: Arc::new(rules.clone()),
            by_worker: Mutex::default(),
        }
    }

    /// Sends a request from this worker.
    pub(super) fn send(&self, request: Request<StreamBody>) -> ResponseFuture {
        let mut by_worker = self
            .by_worker
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let client = by_worker
            .entry(thread::current().id())
            .or_insert_with(|| self.client());
        client.request(request)
    }

    fn client(&self) -> Client<Connector, StreamBody> {
        let mut tcp = HttpConnector::new_with_resolver(Resolver(self.rules.clone()));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(self.rules.timeout));
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp);
        Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(self.rules.max_requests as usize)
            .http1_max_buf_size(MAX_HEAD)
            .http2_max_header_list_size(MAX_HEAD as u32)
            // Only a request of which nothing was sent is sent again, with its whole body: the peer
            // may close an idle connection at the moment of the next request.
            .retry_canceled_requests(true)
            .build(connector)
    }
}

/// Resolves names and rejects addresses that the app may not reach.
#[derive(Clone)]
struct Resolver(Arc<OutgoingRules>);

/// Error: a name resolves to private addresses only, and their networks are not granted.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{host}` resolves to the private address `{address}`; add its network to `networks` of `[grants.outgoing]`"
)]
pub(super) struct PrivateAddress {
    host: String,
    address: IpAddr,
}

/// Error: the DNS lookup failed.
#[derive(Debug, thiserror::Error)]
#[error("{1}")]
pub(super) struct DnsError(pub(super) String, #[source] pub(super) io::Error);

type Addresses = Result<std::vec::IntoIter<SocketAddr>, Box<dyn std::error::Error + Send + Sync>>;

impl tower::Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Addresses> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let rules = self.0.clone();
        Box::pin(async move {
            let host = name.as_str().to_ascii_lowercase();
            let found = tokio::net::lookup_host((host.as_str(), 0)).await;
            let found = found.map_err(|error| DnsError(host.clone(), error))?;
            let mut private = None;
            let mut admitted = Vec::new();
            for address in found {
                match rules.admits_address(&host, address.ip()) {
                    true => admitted.push(address),
                    false => private = Some(address.ip()),
                }
            }
            match (admitted.is_empty(), private) {
                (true, Some(address)) => Err(PrivateAddress { host, address }.into()),
                _ => Ok(admitted.into_iter()),
            }
        })
    }
}
