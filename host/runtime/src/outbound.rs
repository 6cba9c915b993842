//! How a guest's own HTTP requests leave the runtime: by a client that the server
//! brings along. What it may reach is the client's to decide.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;

/// Why a body ends early.
pub type BodyError = Box<dyn Error + Send + Sync>;

/// A body that arrives in pieces.
pub type StreamBody = UnsyncBoxBody<Bytes, BodyError>;

/// What belongs to an outgoing request, beside the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboundOptions {
    /// How long a connection may take to be there.
    pub connect_timeout: Option<Duration>,
    /// How long the head of the response may take from then on.
    pub first_byte_timeout: Option<Duration>,
    /// How long a piece of the response's body may take after another.
    pub between_bytes_timeout: Option<Duration>,
    /// How many apps of this host sent requests to one another until this one.
    pub depth: u32,
}

/// Why there is no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// The app may not send a request there.
    #[error("{0}")]
    Denied(String),
    /// The name is nobody's.
    #[error("the name `{0}` cannot be resolved")]
    Dns(String),
    /// Nobody listens there, or the connection was lost before there was one.
    #[error("no connection to `{0}`: {1}")]
    Connect(String, String),
    /// It took too long to connect.
    #[error("no connection to `{0}` within {1:?}")]
    ConnectTimeout(String, Duration),
    /// It took too long to answer.
    #[error("no response of `{0}` within {1:?}")]
    ResponseTimeout(String, Duration),
    /// TLS failed.
    #[error("`{0}` cannot be trusted: {1}")]
    Tls(String, String),
    /// The peer does not speak HTTP, or gave up half-way.
    #[error("`{0}` broke off: {1}")]
    Protocol(String, String),
    /// The response is larger than it may be.
    #[error("the response of `{0}` is longer than {1} bytes, the limit of the grant")]
    TooLarge(String, u64),
    /// As many requests are under way as may.
    #[error("{0} requests of the app are under way already, the limit of the grant")]
    TooMany(u32),
    /// Apps of this host call one another in a circle, or nearly.
    #[error("{0} apps of this host have called one another for this request, which is the most")]
    Loop(u32),
}

/// A response, or why there is none.
pub type Sent = Result<http::Response<StreamBody>, OutboundError>;

/// Sends an app's requests.
pub trait Outbound: Send + Sync + 'static {
    /// Sends a request, whose URI is absolute. Dropping the future gives it up.
    fn send(
        &self,
        request: http::Request<StreamBody>,
        options: OutboundOptions,
    ) -> Pin<Box<dyn Future<Output = Sent> + Send>>;
}

/// Sends nothing: for apps that may send no requests.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoOutbound;

impl Outbound for NoOutbound {
    fn send(
        &self,
        request: http::Request<StreamBody>,
        _: OutboundOptions,
    ) -> Pin<Box<dyn Future<Output = Sent> + Send>> {
        let to = request.uri().authority().map_or("", |to| to.as_str());
        let denied = format!("the app may send no requests, and this one is for `{to}`");
        Box::pin(std::future::ready(Err(OutboundError::Denied(denied))))
    }
}

impl fmt::Debug for dyn Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outbound")
    }
}

/// What an app may use of the world outside, and what sends its requests.
#[derive(Debug, Clone)]
pub struct Capabilities {
    /// What is granted.
    pub grants: Arc<spikard_wasm_app::Grants>,
    /// What sends the app's own requests.
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
