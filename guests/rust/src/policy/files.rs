//! Paths that no handler answers: files, and the other form of a route's path.

use serde::Serialize;

use super::values::Text;

/// A folder of files that the host serves itself.
///
/// The folder lies under the one that the operator grants with
/// `serve --static-root DIR`, without which the host does not start.
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
    /// The files of a folder, at paths that begin with `prefix`, such as `/public`.
    pub fn new(prefix: impl Into<Text>, folder: impl Into<Text>) -> Self {
        Self {
            prefix: prefix.into(),
            folder: folder.into(),
            cache_control: None,
            index: None,
            precompressed: None,
        }
    }

    /// The header `cache-control` of the files.
    pub fn cache_control(mut self, value: impl Into<Text>) -> Self {
        self.cache_control = Some(value.into());
        self
    }

    /// Whether `index.html` answers for its folder.
    pub fn index(mut self, on: bool) -> Self {
        self.index = Some(on);
        self
    }

    /// Whether `a.js.br`, `a.js.gz` or `a.js.zst` is sent for `a.js` where there is
    /// one and the client accepts it.
    pub fn precompressed(mut self, on: bool) -> Self {
        self.precompressed = Some(on);
        self
    }
}

/// What becomes of a path that has a `/` at its end and is declared without, or the
/// other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TrailingSlash {
    /// It is another path: status 404. So it is unless said.
    Strict,
    /// The client is sent to the declared path, with status 308.
    Redirect,
    /// It is the same path.
    Ignore,
}
