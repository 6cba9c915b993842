//! Origin of a request: its connection, or another app of the host.

use std::net::SocketAddr;

use hyper::Uri;
use spikard_wasm_app::Refusal;

/// Origin of a request.
pub(crate) struct Arrival {
    pub(crate) peer: SocketAddr,
    /// Length of the chain of apps in this host that called one another for this request.
    pub(crate) depth: u32,
    /// The URI as the client sent it, if the app's mount prefix was stripped from it.
    pub(crate) sent: Option<Uri>,
    /// The refusal of an invalid request head; no app sees such a request.
    pub(crate) fault: Option<Refusal>,
}

impl Arrival {
    /// Describes a request from a connection.
    pub(crate) fn of(peer: SocketAddr) -> Self {
        Self {
            peer,
            depth: 0,
            sent: None,
            fault: None,
        }
    }
}
