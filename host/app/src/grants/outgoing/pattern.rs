//! Patterns of allowed origins, in the syntax of the `--allow-outgoing` flag.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The scheme of an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutgoingScheme {
    /// Without TLS.
    Http,
    /// With TLS.
    Https,
}

impl OutgoingScheme {
    /// Returns the scheme as in a URL.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// Returns the port of a URL that names none.
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// An allowed target: a pattern of origins, or an app of the same host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutgoingPattern {
    /// `https://api.example.com`, `http://*.example.com:8080`, `https://*`,
    /// `http://127.0.0.1:*`.
    Origin {
        /// The scheme.
        scheme: OutgoingScheme,
        /// The host.
        host: HostPattern,
        /// The port; `None` for any.
        port: Option<u16>,
    },
    /// `app://NAME`: an app of the same host; `app://*` for all.
    App(String),
}

/// The host part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPattern {
    /// `*`: all hosts with public addresses.
    Any,
    /// `*.example.com`: all subdomains. The text includes the first dot.
    Below(String),
    /// A single name.
    Name(String),
    /// A single address.
    Address(IpAddr),
}

/// Returns true if a name refers to the local machine (RFC 6761, section 6.3).
fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// Parses the host of a URL as an address. `None` if it is a name.
pub(super) fn literal(host: &str) -> Option<IpAddr> {
    let inner = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match inner {
        Some(inner) => inner.parse::<Ipv6Addr>().ok().map(IpAddr::from),
        None => host.parse().ok(),
    }
}

impl OutgoingPattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// The error and the expected syntax.
    pub fn parse(text: &str) -> Result<Self, String> {
        const SYNTAX: &str = "write an origin, such as `https://api.example.com` or `http://*.example.com:8080`, or `app://NAME`";
        let syntax_error = |what: &str| format!("{what}; {SYNTAX}");
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| syntax_error("it has no scheme"))?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => OutgoingScheme::Http,
            "https" => OutgoingScheme::Https,
            "app" => {
                return Self::app(rest).ok_or_else(|| syntax_error("the app name is not valid"));
            }
            _ => return Err(syntax_error("the scheme must be `http`, `https` or `app`")),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#', '@']) {
            return Err(syntax_error("an origin has no path and no user"));
        }
        let (host, port) = split_port(rest).ok_or_else(|| syntax_error("the port is not valid"))?;
        let port = match port {
            None => Some(scheme.default_port()),
            Some("*") => None,
            Some(port) => match port.parse() {
                Ok(port) if port != 0 => Some(port),
                _ => return Err(syntax_error("the port must be 1 to 65535, or `*`")),
            },
        };
        let host = HostPattern::parse(host).ok_or_else(|| syntax_error("the host is not valid"))?;
        Ok(Self::Origin { scheme, host, port })
    }

    fn app(name: &str) -> Option<Self> {
        let name = name.strip_suffix('/').unwrap_or(name);
        let is_name = !name.is_empty()
            && name.len() <= 63
            && name
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        (is_name || name == "*").then(|| Self::App(name.to_owned()))
    }

    pub(super) fn matches(&self, scheme: OutgoingScheme, host: &str, port: u16) -> bool {
        let Self::Origin {
            scheme: wanted,
            host: hosts,
            port: ports,
        } = self
        else {
            return false;
        };
        *wanted == scheme && ports.is_none_or(|wanted| wanted == port) && hosts.matches(host)
    }

    /// Returns true if the pattern explicitly names the address of `host`, so that the
    /// address can be private.
    pub(super) fn names(&self, host: &str, address: IpAddr) -> bool {
        match self {
            Self::Origin {
                host: HostPattern::Address(named),
                ..
            } => {
                *named == address && literal(host).map(|host| host.to_canonical()) == Some(address)
            }
            Self::Origin {
                host: HostPattern::Name(name),
                ..
            } => name == host && is_localhost(name) && address.is_loopback(),
            _ => false,
        }
    }
}

impl HostPattern {
    fn parse(host: &str) -> Option<Self> {
        if host == "*" {
            return Some(Self::Any);
        }
        if let Some(address) = literal(host) {
            return Some(Self::Address(address.to_canonical()));
        }
        let host = host.to_ascii_lowercase();
        let (name, below) = match host.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (host.as_str(), false),
        };
        let is_label = |label: &str| {
            let bytes = || label.bytes();
            (1..=63).contains(&label.len())
                && bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        if name.len() > 253 || !name.split('.').all(is_label) {
            return None;
        }
        // Some resolvers read `1.2.3` or `0x7f.1` as an address. No top-level domain has
        // such a label.
        let last = name.rsplit('.').next()?;
        if last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") {
            return None;
        }
        Some(match below {
            true => Self::Below(format!(".{name}")),
            false => Self::Name(name.to_owned()),
        })
    }

    fn matches(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Below(end) => {
                literal(host).is_none() && host.len() > end.len() && host.ends_with(end)
            }
            Self::Name(name) => name == host,
            Self::Address(address) => {
                literal(host).map(|host| host.to_canonical()) == Some(*address)
            }
        }
    }
}

/// Splits an authority into host and port. Keeps the brackets of an IPv6 address.
fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    let end = match authority.starts_with('[') {
        true => authority.find(']')? + 1,
        false => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, rest) = authority.split_at(end);
    match rest.strip_prefix(':') {
        Some(port) => Some((host, Some(port))),
        None if rest.is_empty() => Some((host, None)),
        None => None,
    }
}

impl fmt::Display for OutgoingPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host, port) = match self {
            Self::App(name) => return write!(f, "app://{name}"),
            Self::Origin { scheme, host, port } => (scheme, host, port),
        };
        write!(f, "{}://", scheme.as_str())?;
        match host {
            HostPattern::Any => f.write_str("*")?,
            HostPattern::Below(end) => write!(f, "*{end}")?,
            HostPattern::Name(name) => f.write_str(name)?,
            HostPattern::Address(IpAddr::V6(address)) => write!(f, "[{address}]")?,
            HostPattern::Address(address) => write!(f, "{address}")?,
        }
        match port {
            None => f.write_str(":*"),
            Some(port) if *port == scheme.default_port() => Ok(()),
            Some(port) => write!(f, ":{port}"),
        }
    }
}
