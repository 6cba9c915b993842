//! Trailing-slash policy.

use serde::Deserialize;

/// How an app handles a path that matches a route except for its trailing slash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TrailingSlash {
    /// `/a` and `/a/` are different paths.
    #[default]
    Strict,
    /// The host redirects to the existing path (308).
    Redirect,
    /// Both paths match the route.
    Ignore,
}

/// Adds or removes the trailing slash of a path. `None` for `/`, and for a path that
/// begins with two slashes, because a redirect to it would lead to another host.
pub(crate) fn toggle_trailing_slash(path: &str) -> Option<String> {
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
        assert_eq!(toggle_trailing_slash("/a/"), Some("/a".to_owned()));
        assert_eq!(toggle_trailing_slash("/a"), Some("/a/".to_owned()));
        for path in [
            "/",
            "//",
            "//evil.example",
            "//evil.example/",
            "/\\evil.example",
        ] {
            assert_eq!(toggle_trailing_slash(path), None, "{path}");
        }
    }
}
