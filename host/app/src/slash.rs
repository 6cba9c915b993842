//! What becomes of a request whose path is a route's but for a slash at its end.

use serde::Deserialize;

/// The policy of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TrailingSlash {
    /// `/a` and `/a/` are two paths.
    #[default]
    Strict,
    /// The client is told of the path that is there (308).
    Redirect,
    /// Both lead to the route.
    Ignore,
}

/// The path with a slash more or less at its end; `None` where no sensible path comes
/// of it. A path that begins with two slashes would lead to another host.
pub(crate) fn toggled(path: &str) -> Option<String> {
    let begins_twice = |path: &str| path.get(1..2).is_some_and(|c| c == "/" || c == "\\");
    if path == "/" || begins_twice(path) {
        return None;
    }
    Some(match path.strip_suffix('/') {
        Some(shorter) => shorter.to_owned(),
        None => format!("{path}/"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toggles() {
        assert_eq!(toggled("/a/"), Some("/a".to_owned()));
        assert_eq!(toggled("/a"), Some("/a/".to_owned()));
        for path in [
            "/",
            "//",
            "//evil.example",
            "//evil.example/",
            "/\\evil.example",
        ] {
            assert_eq!(toggled(path), None, "{path}");
        }
    }
}
