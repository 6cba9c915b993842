//! Where an app is in a host of several: under which host names, below which path.
//!
//! A request goes to the mount with the longest matching host, and of those to the one
//! with the longest prefix of whole segments. Looking it up allocates nothing.

mod host;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::path::unreserved;
pub use host::bare_host;
use host::{HostPattern, Lowered};

/// Where an app is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mount {
    host: HostPattern,
    /// The path, without a slash at its end: empty for all paths.
    prefix: String,
}

impl Mount {
    /// Reads a host name, a pattern `*.example.com`, or nothing for any host, and a path.
    ///
    /// # Errors
    /// Says what to write.
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

    /// Whether every request is below it.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.host == HostPattern::Any && self.prefix.is_empty()
    }

    /// Whether it is for any host.
    #[must_use]
    pub fn is_for_any_host(&self) -> bool {
        self.host == HostPattern::Any
    }

    /// The path before what the app sees: empty, or without a slash at its end.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The host's name or pattern; `None` for any.
    #[must_use]
    pub fn host_name(&self) -> Option<String> {
        match &self.host {
            HostPattern::Any => None,
            host => Some(host.to_string()),
        }
    }
}

/// As `shop.example.com/shop`, or `/shop`.
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
/// Says what to write.
pub fn check_app_name(name: &str) -> Result<(), String> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match (1..=63).contains(&name.len()) && name.bytes().all(is_plain) {
        true => Ok(()),
        false => Err("write 1 to 63 of `a` to `z`, `0` to `9` and `-`".to_owned()),
    }
}

/// The mounts of a host, by which a request finds its app.
#[derive(Debug, Clone, Default)]
pub struct Mounts {
    /// By the name of a host, sorted.
    names: Vec<(String, Prefixes)>,
    /// By what a name ends with, its first dot included, sorted.
    below: Vec<(String, Prefixes)>,
    any: Prefixes,
}

/// The prefixes of a host with the indexes of their apps, the longest first.
type Prefixes = Vec<(String, usize)>;

impl Mounts {
    /// The mounts, of which each is an app by its index.
    ///
    /// # Errors
    /// Two of them, by their indexes, are the same.
    pub fn new<'m>(mounts: impl IntoIterator<Item = &'m Mount>) -> Result<Self, (usize, usize)> {
        let mut all = Self::default();
        for (index, mount) in mounts.into_iter().enumerate() {
            let prefixes = match &mount.host {
                HostPattern::Any => &mut all.any,
                HostPattern::Name(name) => of_host(&mut all.names, name),
                HostPattern::Below(end) => of_host(&mut all.below, end),
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

    /// The app of a request, by its index, with what is left of its path: empty, or with
    /// a slash at its beginning. `host` is as clients send it, with or without a port.
    #[must_use]
    pub fn find<'p>(&self, host: &str, path: &'p str) -> Option<(usize, &'p str)> {
        if !self.names.is_empty() || !self.below.is_empty() {
            let lowered = Lowered::new(bare_host(host));
            let host = lowered.as_str();
            let by_name = get(&self.names, host).and_then(|prefixes| longest(prefixes, path));
            if by_name.is_some() {
                return by_name;
            }
            // The first dot begins the longest end.
            for (dot, _) in host.match_indices('.').filter(|(dot, _)| *dot != 0) {
                let below = get(&self.below, &host[dot..]);
                let found = below.and_then(|prefixes| longest(prefixes, path));
                if found.is_some() {
                    return found;
                }
            }
        }
        longest(&self.any, path)
    }
}

/// The prefixes of a host, which may be new.
fn of_host<'a>(hosts: &'a mut Vec<(String, Prefixes)>, name: &str) -> &'a mut Prefixes {
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

fn longest<'p>(prefixes: &Prefixes, path: &'p str) -> Option<(usize, &'p str)> {
    let mut prefixes = prefixes.iter();
    prefixes.find_map(|(prefix, app)| Some((*app, below(prefix, path)?)))
}

/// What is left of a path below a prefix of whole segments. An escaped character that
/// needs no escape is the character (RFC 3986, section 6.2.2.2), as it is in routes.
fn below<'p>(prefix: &str, path: &'p str) -> Option<&'p str> {
    let mut rest = path;
    for wanted in prefix.bytes() {
        let (byte, length) = match rest.as_bytes() {
            [b'%', ..] => (unreserved(rest)?, 3),
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
