//! Host name patterns of mounts, and normalization of the host names that clients send.

use std::fmt;
use std::net::Ipv6Addr;

/// The maximum length of a host name (RFC 1035, section 2.3.4).
const MAX_HOST_NAME: usize = 255;

/// The hosts of a mount.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum HostPattern {
    #[default]
    Any,
    /// A single name, in lower case.
    Name(String),
    /// All subdomains. The text includes the first dot.
    Suffix(String),
}

impl HostPattern {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        const SYNTAX: &str = "write a host's name without scheme or port, such as `shop.example.com` or `*.example.com`";
        let text = text.to_ascii_lowercase();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let is_name = |name: &str| {
            name.len() < MAX_HOST_NAME
                && name
                    .split('.')
                    .all(|label| !label.is_empty() && label.bytes().all(is_plain))
        };
        let inner = text.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
        let is_ipv6 = inner.is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok());
        match text.strip_prefix('*') {
            Some(end) if end.strip_prefix('.').is_some_and(is_name) => {
                Ok(Self::Suffix(end.to_owned()))
            }
            None if is_ipv6 || is_name(&text) => Ok(Self::Name(text)),
            _ => Err(SYNTAX.to_owned()),
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Name(name) => f.write_str(name),
            Self::Suffix(end) => write!(f, "*{end}"),
        }
    }
}

/// Removes the port and the trailing dot of an absolute name from a host.
#[must_use]
pub fn bare_host(host: &str) -> &str {
    let end = match host.starts_with('[') {
        true => host.find(']').map(|at| at + 1),
        false => host.find(':'),
    };
    let bare = &host[..end.unwrap_or(host.len())];
    bare.strip_suffix('.').unwrap_or(bare)
}

/// A host name in lower case, without an allocation. Empty if the name is too long or not
/// ASCII.
pub(super) struct LowercaseHost([u8; MAX_HOST_NAME], usize);

impl LowercaseHost {
    pub(super) fn new(name: &str) -> Self {
        let mut lowered = [0; MAX_HOST_NAME];
        match lowered.get_mut(..name.len()) {
            Some(place) if name.is_ascii() => {
                place.copy_from_slice(name.as_bytes());
                place.make_ascii_lowercase();
                Self(lowered, name.len())
            }
            _ => Self(lowered, 0),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        let bytes = self.0.get(..self.1).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}
