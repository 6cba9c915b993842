//! Rules for outgoing requests: allowed origins, and the private networks that their names
//! can resolve to.
//!
//! The host checks a name twice: as text, and by the address that it resolves to.
//! Otherwise the owner of a DNS zone could point an allowed name at the host's own network
//! (DNS rebinding). An address is private if the IANA registries of special-purpose
//! addresses (RFC 6890) do not list it as globally reachable.

mod network;
mod pattern;

use std::net::IpAddr;
use std::time::Duration;

pub use self::network::{Network, is_private};
pub use self::pattern::{OutgoingPattern, OutgoingScheme};

/// The allowed targets of an app's outgoing requests, and their limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingRules {
    /// Allowed origins and apps. If empty, the app cannot send requests.
    pub allow: Vec<OutgoingPattern>,
    /// Private networks that an allowed name can resolve to.
    pub networks: Vec<Network>,
    /// The time limit for connecting and receiving the response head, and for each further
    /// chunk of the body.
    pub timeout: Duration,
    /// The maximum size of a response body, in bytes.
    pub max_response: u64,
    /// The maximum number of requests in flight, across all workers.
    pub max_requests: u32,
}

impl Default for OutgoingRules {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            networks: Vec::new(),
            timeout: Duration::from_secs(30),
            max_response: 64 << 20,
            max_requests: 1000,
        }
    }
}

impl OutgoingRules {
    /// Returns true if the app cannot send requests.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.allow.is_empty()
    }

    /// Returns true if the rules allow an origin by its name. `host` is in lower case; an
    /// IPv6 address is in brackets.
    #[must_use]
    pub fn admits(&self, scheme: OutgoingScheme, host: &str, port: u16) -> bool {
        let mut allow = self.allow.iter();
        allow.any(|pattern| pattern.matches(scheme, host, port))
    }

    /// Returns true if the rules allow another app of the same host.
    #[must_use]
    pub fn admits_app(&self, name: &str) -> bool {
        let mut allow = self.allow.iter();
        allow.any(
            |pattern| matches!(pattern, OutgoingPattern::App(app) if app == "*" || app == name),
        )
    }

    /// Returns true if an allowed name can resolve to an address: a public address, or a
    /// private one that the rules name directly or by its network.
    #[must_use]
    pub fn admits_address(&self, host: &str, address: IpAddr) -> bool {
        let address = address.to_canonical();
        !is_private(address)
            || self
                .networks
                .iter()
                .any(|network| network.contains(address))
            || self
                .allow
                .iter()
                .any(|pattern| pattern.names(host, address))
    }
}

#[cfg(test)]
mod tests;
