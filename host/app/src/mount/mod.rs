//! Mounts: the host name and path prefix under which a host of several apps serves an app.
//!
//! A request goes to the mount with the most specific matching host, and among those to
//! the one with the longest matching prefix of whole segments. The lookup does not
//! allocate.

mod host;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::path::decode_unreserved;
pub use host::bare_host;
use host::{HostPattern, LowercaseHost};

/// The host name and path prefix of an app.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mount {
    host: HostPattern,
    /// The path prefix without a trailing slash. Empty for all paths.
    prefix: String,
}

impl Mount {
    /// Parses a path and a host name, which is a name, a pattern `*.example.com`, or `None`
    /// for any host.
    ///
    /// # Errors
    /// The expected syntax.
    pub fn new(host: Option<&str>, path: &str) -> Result<Self, String> {
        Ok(Self {
            host: Self::host(host)?,
            prefix: Self::path(path)?,
        })
    }

    fn host(host: Option<&str>) -> Result<HostPattern, String> {
        host.map_or(Ok(HostPattern::Any), HostPattern::parse)
    }

    fn path(path: &str) -> Result<String, String> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let is_segment = |segment: &str| {
            !segment.is_empty() && !segment.starts_with('.') && segment.bytes().all(is_plain)
        };
        let prefix = path.strip_suffix('/').unwrap_or(path);
        let is_path = match prefix.strip_prefix('/') {
            Some(rest) => rest.split('/').all(is_segment),
            None => path == "/",
        };
        match is_path {
            true => Ok(prefix.to_owned()),
            false => Err("write a plain path, such as `/shop`".to_owned()),
        }
    }

    /// Returns true if the mount matches every request.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.host == HostPattern::Any && self.prefix.is_empty()
    }

    /// Returns true if the mount matches any host.
    #[must_use]
    pub fn is_for_any_host(&self) -> bool {
        self.host == HostPattern::Any
    }

    /// Returns the path prefix that the host strips: empty, or without a trailing slash.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Returns the host name or pattern. `None` for any host.
    #[must_use]
    pub fn host_name(&self) -> Option<String> {
        match &self.host {
            HostPattern::Any => None,
            host => Some(host.to_string()),
        }
    }
}

/// Formats as `shop.example.com/shop`, or `/shop`.
impl fmt::Display for Mount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.host, self.prefix.as_str()) {
            (HostPattern::Any, "") => f.write_str("/"),
            (HostPattern::Any, prefix) => f.write_str(prefix),
            (host, prefix) => write!(f, "{host}{prefix}/"),
        }
    }
}

/// Checks the name of an app.
///
/// # Errors
/// The rule for names.
pub fn check_app_name(name: &str) -> Result<(), String> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match (1..=63).contains(&name.len()) && name.bytes().all(is_plain) {
        true => Ok(()),
        false => Err("write 1 to 63 of `a` to `z`, `0` to `9` and `-`".to_owned()),
    }
}

/// An index of mounts that finds the app of a request.
#[derive(Debug, Clone, Default)]
pub struct Mounts {
    /// Mounts of single host names, sorted by name.
    names: Vec<(String, Prefixes)>,
    /// Mounts of subdomain patterns, sorted by suffix, which includes the first dot.
    suffixes: Vec<(String, Prefixes)>,
    any: Prefixes,
}

/// The path prefixes of a host and the indexes of their apps, longest prefix first.
type Prefixes = Vec<(String, usize)>;

impl Mounts {
    /// Builds the index. The position of a mount is the index of its app.
    ///
    /// # Errors
    /// The positions of two equal mounts.
    pub fn new<'m>(mounts: impl IntoIterator<Item = &'m Mount>) -> Result<Self, (usize, usize)> {
        let mut all = Self::default();
        for (index, mount) in mounts.into_iter().enumerate() {
            let prefixes = match &mount.host {
                HostPattern::Any => &mut all.any,
                HostPattern::Name(name) => prefixes_of(&mut all.names, name),
                HostPattern::Suffix(end) => prefixes_of(&mut all.suffixes, end),
            };
            let mut known = prefixes.iter();
            if let Some((_, other)) = known.find(|(prefix, _)| *prefix == mount.prefix) {
                return Err((*other, index));
            }
            let longer = prefixes.partition_point(|(it, _)| it.len() >= mount.prefix.len());
            prefixes.insert(longer, (mount.prefix.clone(), index));
        }
        Ok(all)
    }

    /// Finds the app of a request. Returns its index and the rest of the path, which is
    /// empty or begins with a slash. `host` is the value that the client sent, with or
    /// without a port.
    #[must_use]
    pub fn find<'p>(&self, host: &str, path: &'p str) -> Option<(usize, &'p str)> {
        if !self.names.is_empty() || !self.suffixes.is_empty() {
            let lowered = LowercaseHost::new(bare_host(host));
            let host = lowered.as_str();
            let by_name =
                get(&self.names, host).and_then(|prefixes| longest_prefix(prefixes, path));
            if by_name.is_some() {
                return by_name;
            }
            // The first dot begins the longest suffix.
            for (dot, _) in host.match_indices('.').filter(|(dot, _)| *dot != 0) {
                let prefixes = get(&self.suffixes, &host[dot..]);
                let found = prefixes.and_then(|prefixes| longest_prefix(prefixes, path));
                if found.is_some() {
                    return found;
                }
            }
        }
        longest_prefix(&self.any, path)
    }
}

/// Returns the prefixes of a host, and adds the host if it is new.
fn prefixes_of<'a>(hosts: &'a mut Vec<(String, Prefixes)>, name: &str) -> &'a mut Prefixes {
    let at = match hosts.binary_search_by(|(host, _)| host.as_str().cmp(name)) {
        Ok(at) => at,
        Err(at) => {
            hosts.insert(at, (name.to_owned(), Prefixes::new()));
            at
        }
    };
    &mut hosts[at].1
}

fn get<'a>(hosts: &'a [(String, Prefixes)], name: &str) -> Option<&'a Prefixes> {
    let found = hosts.binary_search_by(|(host, _)| host.as_str().cmp(name));
    Some(&hosts.get(found.ok()?)?.1)
}

fn longest_prefix<'p>(prefixes: &Prefixes, path: &'p str) -> Option<(usize, &'p str)> {
    let mut prefixes = prefixes.iter();
    prefixes.find_map(|(prefix, app)| Some((*app, strip_mount_prefix(prefix, path)?)))
}

/// Strips a prefix of whole segments from a path. An escaped unreserved character equals
/// the character itself (RFC 3986, section 6.2.2.2), as in routes.
fn strip_mount_prefix<'p>(prefix: &str, path: &'p str) -> Option<&'p str> {
    let mut rest = path;
    for wanted in prefix.bytes() {
        let (byte, length) = match rest.as_bytes() {
            [b'%', ..] => (decode_unreserved(rest)?, 3),
            [byte, ..] => (*byte, 1),
            [] => return None,
        };
        if byte != wanted {
            return None;
        }
        rest = rest.get(length..)?;
    }
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}
