//! Origin of a request: its connection, or another app of the host.

use std::net::SocketAddr;

use hyper::Uri;
use spikard_wasm_app::Refusal;

/// Where a request comes from.
pub(crate) struct Arrival {
    pub(crate) peer: SocketAddr,
    /// How many apps of this host sent requests to one another until this one.
    pub(crate) depth: u32,
    /// The URI as the client sent it, where the app sees less of it.
    pub(crate) sent: Option<Uri>,
    /// Why the head is no valid request, which no app answers then.
    pub(crate) fault: Option<Refusal>,
}

impl Arrival {
    /// A request that came on a connection.
    pub(crate) fn of(peer: SocketAddr) -> Self {
        Self {
            peer,
            depth: 0,
            sent: None,
            fault: None,
        }
    }
}
