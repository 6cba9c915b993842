//! Policies for paths without a handler: static files and trailing slashes.

use serde::Serialize;

use super::values::Text;

/// A folder of files that the host serves.
///
/// The folder is relative to the one that the operator grants with `serve --static-root DIR`. The
/// host does not start without that option.
///
/// ```
/// # use spikard_wasm_sdk::{App, StaticFiles};
/// let app = App::new("site").static_files(
///     StaticFiles::new("/public", "public").cache_control("public, max-age=60"),
/// );
/// ```
#[derive(Clone, Debug, Serialize)]
#[must_use = "files are not served until an app has them"]
pub struct StaticFiles {
    prefix: Text,
    folder: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    precompressed: Option<bool>,
}

impl StaticFiles {
    /// Serves the files of a folder at paths that begin with `prefix`, such as `/public`.
    pub fn new(prefix: impl Into<Text>, folder: impl Into<Text>) -> Self {
        Self {
            prefix: prefix.into(),
            folder: folder.into(),
            cache_control: None,
            index: None,
            precompressed: None,
        }
    }

    /// Sets the header `cache-control` of the files.
    pub fn cache_control(mut self, value: impl Into<Text>) -> Self {
        self.cache_control = Some(value.into());
        self
    }

    /// Serves `index.html` at the path of its folder if true; false by default.
    pub fn index(mut self, on: bool) -> Self {
        self.index = Some(on);
        self
    }

    /// Serves `a.js.br`, `a.js.gz` or `a.js.zst` for `a.js` if true, the file exists and the client
    /// accepts it; false by default.
    pub fn precompressed(mut self, on: bool) -> Self {
        self.precompressed = Some(on);
        self
    }
}

/// The trailing-slash policy: how the host treats a path that differs from the path of a route
/// only by a trailing slash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TrailingSlash {
    /// The path is not found: status 404. This is the default.
    Strict,
    /// The host redirects to the path of the route with status 308.
    Redirect,
    /// The host serves the route.
    Ignore,
}
