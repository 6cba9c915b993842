//! Static file mounts: directories of files and the paths under which the host serves them.

use serde::Deserialize;

use super::header;

/// The declaration of a member of `static`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaticSpec {
    prefix: String,
    folder: String,
    cache_control: Option<String>,
    #[serde(default)]
    index: bool,
    #[serde(default)]
    precompressed: bool,
}

/// A directory of static files and its path prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticMount {
    /// The path prefix without a trailing slash. Empty for all paths.
    prefix: String,
    /// The directory, relative to the operator's static root.
    pub folder: String,
    /// The value of `cache-control`.
    pub cache_control: Option<String>,
    /// True if a request for a directory returns its `index.html`.
    pub index: bool,
    /// True if the host serves `a.css.br`, `.gz` or `.zst` for `a.css`.
    pub precompressed: bool,
}

impl StaticMount {
    /// Validates mounts, and sorts them by prefix length, longest first.
    pub(crate) fn check_all(declared: &[StaticSpec]) -> Result<Vec<Self>, String> {
        let mut mounts: Vec<Self> = Vec::new();
        for spec in declared {
            let mount = Self::check(spec)?;
            if mounts.iter().any(|other| other.prefix == mount.prefix) {
                return Err(format!(
                    "`static` has the prefix `{}` twice; remove one of them",
                    spec.prefix
                ));
            }
            mounts.push(mount);
        }
        mounts.sort_by_key(|mount| std::cmp::Reverse(mount.prefix.len()));
        Ok(mounts)
    }

    fn check(spec: &StaticSpec) -> Result<Self, String> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let prefix = spec.prefix.trim_end_matches('/');
        let is_path = |path: &str| {
            path.strip_prefix('/').is_some_and(|rest| {
                rest.split('/').all(|segment| {
                    !segment.starts_with('.')
                        && !segment.is_empty()
                        && segment.bytes().all(is_plain)
                })
            })
        };
        if !spec.prefix.starts_with('/') || !(prefix.is_empty() || is_path(prefix)) {
            return Err(format!(
                "`static` has the prefix `{}`, which is not a plain path; write one such as `/public`",
                spec.prefix.escape_debug()
            ));
        }
        let is_folder = spec.folder.split('/').all(|segment| {
            !segment.is_empty() && !segment.starts_with('.') && !segment.contains(['\\', ':', '\0'])
        });
        if !is_folder {
            return Err(format!(
                "`static` has the folder `{}`, which is not a plain path; write one relative to `serve --static-root`, such as `public`",
                spec.folder.escape_debug()
            ));
        }
        if let Some(value) = &spec.cache_control {
            header::value(value).map_err(|reason| format!("`static` {reason}"))?;
        }
        Ok(Self {
            prefix: prefix.to_owned(),
            folder: spec.folder.clone(),
            cache_control: spec.cache_control.clone(),
            index: spec.index,
            precompressed: spec.precompressed,
        })
    }

    /// Returns the path prefix.
    #[must_use]
    pub fn prefix(&self) -> &str {
        match self.prefix.as_str() {
            "" => "/",
            prefix => prefix,
        }
    }

    /// Strips the prefix from a path. Returns an empty text for the prefix itself, else a
    /// text that begins with a slash. `None` if the path is not below the prefix.
    #[must_use]
    pub fn rest<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.strip_prefix(self.prefix.as_str())?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn mounts(declared: Value) -> Result<Vec<StaticMount>, String> {
        StaticMount::check_all(&serde_json::from_value::<Vec<StaticSpec>>(declared).unwrap())
    }

    #[test]
    fn the_longest_prefix_comes_first() {
        let mounts = mounts(json!([
            {"prefix": "/", "folder": "all"},
            {"prefix": "/a/b/", "folder": "deep/er"},
            {"prefix": "/a", "folder": "a"}
        ]))
        .unwrap();
        let find = |path| {
            let mut found = mounts
                .iter()
                .filter_map(|m| Some((m.prefix(), m.rest(path)?)));
            found.next().unwrap()
        };
        assert_eq!(find("/a/b/c"), ("/a/b", "/c"));
        assert_eq!(find("/a/b"), ("/a/b", ""));
        assert_eq!(find("/a/bc"), ("/a", "/bc"));
        assert_eq!(find("/ab"), ("/", "/ab"));
    }

    #[test]
    fn folders_stay_below_the_root() {
        for folder in [
            "", "/etc", "../x", "a/../b", ".git", "a//b", "a/", "c:x", "a\\b", ".",
        ] {
            let error = mounts(json!([{"prefix": "/", "folder": folder}])).unwrap_err();
            assert!(error.contains("--static-root"), "{folder}: {error}");
        }
        for prefix in ["", "a", "//a", "/a//b", "/{a}", "/a%20b", "/a/../b", "/é"] {
            let error = mounts(json!([{"prefix": prefix, "folder": "a"}])).unwrap_err();
            assert!(error.contains("not a plain path"), "{prefix}: {error}");
        }
        let twice = json!([{"prefix": "/a", "folder": "a"}, {"prefix": "/a/", "folder": "b"}]);
        assert!(mounts(twice).unwrap_err().contains("twice"));
        let header = json!([{"prefix": "/a", "folder": "a", "cache_control": "a\n"}]);
        assert!(mounts(header).unwrap_err().contains("not a header value"));
    }
}
