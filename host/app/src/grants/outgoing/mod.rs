//! Whom an app may send requests to: patterns of origins, and which private networks
//! their names may lead into.
//!
//! A name is checked twice, as text and by the address that it resolves to: whoever
//! runs the name's zone could else point it at the host's own network. Private addresses
//! are those that the IANA registries of special-purpose addresses (RFC 6890) do not
//! call globally reachable.

mod network;
mod pattern;

use std::net::IpAddr;
use std::time::Duration;

pub use self::network::{Network, is_private};
pub use self::pattern::{OutgoingPattern, OutgoingScheme};

/// Whom an app may send requests to, and what these may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingRules {
    /// Origins and apps; none where this is empty.
    pub allow: Vec<OutgoingPattern>,
    /// The private networks that an allowed name may lead into.
    pub networks: Vec<Network>,
    /// The longest that the head of a response may take, connecting included, and any
    /// piece of its body after another.
    pub timeout: Duration,
    /// The longest body of a response, in bytes.
    pub max_response: u64,
    /// How many requests of the app may be under way at once, over all workers.
    pub max_requests: u32,
}

impl Default for OutgoingRules {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            networks: Vec::new(),
            timeout: Duration::from_secs(30),
            max_response: 64 << 20,
            max_requests: 256,
        }
    }
}

impl OutgoingRules {
    /// Whether it may send none at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.allow.is_empty()
    }

    /// Whether a request may go to an origin, as far as its name tells. `host` is in
    /// lower case, an IPv6 address in brackets.
    #[must_use]
    pub fn admits(&self, scheme: OutgoingScheme, host: &str, port: u16) -> bool {
        let mut allow = self.allow.iter();
        allow.any(|pattern| pattern.matches(scheme, host, port))
    }

    /// Whether a request may go to another app of the same host.
    #[must_use]
    pub fn admits_app(&self, name: &str) -> bool {
        let mut allow = self.allow.iter();
        allow.any(
            |pattern| matches!(pattern, OutgoingPattern::App(app) if app == "*" || app == name),
        )
    }

    /// Whether a name that is allowed may lead to an address: to any that is not
    /// private, and to private ones where they are named, by themselves or with their
    /// network.
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
