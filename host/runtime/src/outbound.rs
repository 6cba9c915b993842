//! Interface to the HTTP client that sends the outgoing requests of guests. The server
//! implements it, and decides which requests an app may send.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;

/// Error that ends a body early.
pub type BodyError = Box<dyn Error + Send + Sync>;

/// Streamed body.
pub type StreamBody = UnsyncBoxBody<Bytes, BodyError>;

/// Options of an outgoing request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboundOptions {
    /// Maximum time to connect.
    pub connect_timeout: Option<Duration>,
    /// Maximum time from the connection to the response head.
    pub first_byte_timeout: Option<Duration>,
    /// Maximum time between two chunks of the response body.
    pub between_bytes_timeout: Option<Duration>,
    /// Length of the chain of apps in this host that called one another for this request.
    pub depth: u32,
}

/// Error of an outgoing request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// The grants do not allow the request.
    #[error("{0}")]
    Denied(String),
    /// The DNS lookup failed.
    #[error("DNS lookup of `{0}` failed")]
    Dns(String),
    /// The connection failed.
    #[error("failed to connect to `{0}`: {1}")]
    Connect(String, String),
    /// The connection took too long.
    #[error("failed to connect to `{0}` within {1:?}")]
    ConnectTimeout(String, Duration),
    /// The response head took too long.
    #[error("no response from `{0}` within {1:?}")]
    ResponseTimeout(String, Duration),
    /// A chunk of the response's body took too long.
    #[error("no chunk of the response of `{0}` within {1:?}")]
    ChunkTimeout(String, Duration),
    /// The TLS handshake failed.
    #[error("TLS handshake with `{0}` failed: {1}")]
    Tls(String, String),
    /// The peer violated HTTP or closed the connection early.
    #[error("HTTP exchange with `{0}` failed: {1}")]
    Protocol(String, String),
    /// The response exceeds its size limit.
    #[error("the response of `{0}` is longer than {1} bytes, the limit of the grant")]
    TooLarge(String, u64),
    /// The app has too many outgoing requests in flight, and none has ended in time.
    #[error(
        "{0} requests of the app are in flight, the limit of the grant, and none has ended in time; \
         raise `max_requests` of `[grants.outgoing]`"
    )]
    TooMany(u32),
    /// Apps of this host call one another too deeply, probably in a loop.
    #[error("{0} apps of this host have already called one another for this request, the limit")]
    Loop(u32),
}

/// Result of an outgoing request.
pub type Sent = Result<http::Response<StreamBody>, OutboundError>;

/// Sends the outgoing requests of an app.
pub trait Outbound: Send + Sync + 'static {
    /// Sends a request with an absolute URI. Dropping the future cancels it.
    fn send(
        &self,
        request: http::Request<StreamBody>,
        options: OutboundOptions,
    ) -> Pin<Box<dyn Future<Output = Sent> + Send>>;
}

/// Denies every request, for apps that may send none.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoOutbound;

impl Outbound for NoOutbound {
    fn send(
        &self,
        request: http::Request<StreamBody>,
        _: OutboundOptions,
    ) -> Pin<Box<dyn Future<Output = Sent> + Send>> {
        let to = request.uri().authority().map_or("", |to| to.as_str());
        let denied = format!("request to `{to}` denied; the app may send no requests");
        Box::pin(std::future::ready(Err(OutboundError::Denied(denied))))
    }
}

impl fmt::Debug for dyn Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outbound")
    }
}

/// Grants of an app, and the client for its outgoing requests.
#[derive(Debug, Clone)]
pub struct Capabilities {
    /// Grants of the app.
    pub grants: Arc<spikard_wasm_app::Grants>,
    /// Client for the app's outgoing requests.
    pub outbound: Arc<dyn Outbound>,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            grants: Arc::default(),
            outbound: Arc::new(NoOutbound),
        }
    }
}
