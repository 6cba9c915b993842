//! Origin of a request: its connection, or another app of the host.

use std::net::SocketAddr;

use hyper::Uri;
use hyper::http::uri::Scheme;
use spikard_wasm_app::Refusal;

/// The origin of a request, and how the host received it. Rare parts are boxed, because every
/// request moves its arrival.
pub(crate) struct Arrival {
    pub(crate) peer: SocketAddr,
    pub(crate) scheme: Scheme,
    /// The length of the chain of apps of this host that led to this request.
    pub(crate) depth: u32,
    /// The URI as the client sent it, if the app sees only a part of it.
    pub(crate) sent: Option<Box<Uri>>,
    /// The error of an invalid head. The host rejects the request before any app sees it.
    pub(crate) fault: Option<Box<Refusal>>,
}

impl Arrival {
    /// Returns the origin of a request that arrived on a connection.
    pub(crate) fn of(peer: SocketAddr, scheme: Scheme) -> Self {
        Self {
            peer,
            scheme,
            depth: 0,
            sent: None,
            fault: None,
        }
    }
}
