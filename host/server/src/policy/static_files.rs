//! Static file server, on top of tower-http's `ServeDir`.
//!
//! `ServeDir` opens the files and handles content types, dates and precompressed files. This
//! module handles entity tags and ranges, because `ServeDir` reads only the first field of a
//! list and rejects valid ranges.

use std::io;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use hyper::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MATCH,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE, LAST_MODIFIED, LOCATION, RANGE, VARY,
};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode, Uri};
use spikard_wasm_app::policy::StaticMount;
use spikard_wasm_app::{App, Refusal, same_path};
use tower_http::services::ServeDir;
use tower_http::services::fs::DefaultServeDirFallback;

use super::conditions::{self, Selection};
use super::contained::SandboxedDir;
use super::preflight::FILE_METHODS;
use super::{accept_encoding, file_path};
use crate::error::ServeError;
use crate::reply_body::ReplyBody;
use crate::response::{self, HttpResponse};

/// Static folders of an app, by the index of their mount.
#[derive(Debug, Clone, Default)]
pub(crate) struct StaticFiles(Vec<Folder>);

/// A static folder.
#[derive(Debug, Clone)]
struct Folder {
    files: ServeDir<DefaultServeDirFallback, SandboxedDir>,
    cache_control: Option<HeaderValue>,
    has_index: bool,
    is_precompressed: bool,
    prefix: String,
}

impl StaticFiles {
    /// Opens the static folders of an app inside its root directory. The app is mounted at the
    /// path prefix `below`.
    ///
    /// # Errors
    /// The app has no root directory, or a folder cannot be opened.
    pub(crate) fn open(app: &App, root: Option<&Path>, below: &str) -> Result<Self, ServeError> {
        if app.statics().is_empty() {
            return Ok(Self::default());
        }
        let path = root.ok_or(ServeError::NoStaticRoot)?;
        let root = Dir::open_ambient_dir(path, ambient_authority())
            .map_err(|error| ServeError::StaticRoot(path.display().to_string(), error))?;
        let folders = app.statics().iter().map(|mount| {
            let folder = root.open_dir(&mount.folder);
            let folder =
                folder.map_err(|error| ServeError::StaticFolder(mount.folder.clone(), error))?;
            Ok(Folder::new(mount, below, folder))
        });
        folders.collect::<Result<_, _>>().map(Self)
    }

    /// Serves a request that no route matches.
    ///
    /// # Errors
    /// 404 for a path that names no file or is another spelling of a route's path, 405
    /// for a method other than GET, HEAD and OPTIONS, 412 for a condition that fails,
    /// 416 for a range outside the file.
    pub(crate) async fn answer(&self, app: &App, parts: &Parts) -> Result<HttpResponse, Refusal> {
        let path = parts.uri.path();
        let mut file = file_path::canonical(path).ok_or(Refusal::NotFound)?;
        let (index, rest) = app.mount(path).ok_or(Refusal::NotFound)?;
        let folder = self.0.get(index).ok_or(Refusal::NotFound)?;
        if folder.has_index && file.ends_with('/') {
            file.push_str("index.html");
        }
        // A route guards the file at its path: another spelling of that path must not bypass
        // the route's policies.
        if !same_path(&file, path) && app.about("GET", &file).is_some() {
            return Err(Refusal::NotFound);
        }
        if parts.method == Method::GET || parts.method == Method::HEAD {
            return folder.answer(parts, &rest).await;
        }
        // 405 and OPTIONS apply to existing files only, so look the file up with HEAD first.
        let mut head = Request::new(()).into_parts().0;
        head.method = Method::HEAD;
        head.uri = parts.uri.clone();
        folder.answer(&head, &rest).await?;
        if parts.method != Method::OPTIONS {
            return Err(Refusal::MethodNotAllowed {
                allow: FILE_METHODS.to_owned(),
            });
        }
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NO_CONTENT;
        let allow = HeaderValue::from_static(FILE_METHODS);
        response.headers_mut().insert(ALLOW, allow);
        Ok(response)
    }
}

impl Folder {
    fn new(mount: &StaticMount, below: &str, folder: Dir) -> Self {
        let prefix = format!("{below}{}", mount.prefix().trim_end_matches('/'));
        let mut files = ServeDir::with_backend("", SandboxedDir::new(folder))
            .append_index_html_on_directories(mount.index)
            .redirect_path_prefix(prefix.as_str())
            .ignore_multi_range_requests(true);
        if mount.precompressed {
            files = files
                .precompressed_zstd()
                .precompressed_br()
                .precompressed_gzip();
        }
        let cache_control = mount.cache_control.as_deref();
        Self {
            files,
            cache_control: cache_control.and_then(|value| HeaderValue::try_from(value).ok()),
            has_index: mount.index,
            is_precompressed: mount.precompressed,
            prefix,
        }
    }

    /// Serves GET and HEAD for a path without the mount's prefix.
    async fn answer(&self, parts: &Parts, rest: &str) -> Result<HttpResponse, Refusal> {
        if rest.is_empty() && self.has_index {
            return self.with_slash(parts.uri.query());
        }
        if rest.is_empty() {
            return Err(Refusal::NotFound);
        }
        let query = parts.uri.query().map(|query| format!("?{query}"));
        let target = format!("{rest}{}", query.unwrap_or_default());
        let uri = Uri::try_from(target).map_err(|_| Refusal::NotFound)?;
        let response = self.fetch(parts, &uri, None).await?;
        let mut response = self.select(parts, &uri, response).await?;
        if response.status() == StatusCode::NOT_MODIFIED && self.is_precompressed {
            let value = HeaderValue::from_static("accept-encoding");
            response.headers_mut().insert(VARY, value);
        }
        if let Some(value) = &self.cache_control {
            response.headers_mut().insert(CACHE_CONTROL, value.clone());
        }
        Ok(response)
    }

    /// Checks the conditions on entity tags and selects the range (RFC 9110, section
    /// 13.2.2). `ServeDir` has checked the conditions on dates.
    async fn select(
        &self,
        parts: &Parts,
        uri: &Uri,
        response: HttpResponse,
    ) -> Result<HttpResponse, Refusal> {
        if !matches!(response.status(), StatusCode::OK | StatusCode::NOT_MODIFIED) {
            return Ok(response);
        }
        let etag = value(&response, &ETAG);
        let tag = etag.unwrap_or_default();
        if conditions::strong_match(&parts.headers, &IF_MATCH, tag) == Some(false) {
            return Err(Refusal::PreconditionFailed);
        }
        if conditions::weak_match(&parts.headers, &IF_NONE_MATCH, tag) == Some(true) {
            return Ok(not_modified(response));
        }
        if response.status() != StatusCode::OK
            || parts.method != Method::GET
            || !conditions::if_range(&parts.headers, etag, value(&response, &LAST_MODIFIED))
        {
            return Ok(response);
        }
        let length = response::length(&response).ok_or(Refusal::Failed)?;
        match conditions::selection(&parts.headers, length) {
            Selection::Whole => Ok(response),
            Selection::Unsatisfiable => Err(Refusal::RangeNotSatisfiable {
                content_range: format!("bytes */{length}"),
            }),
            Selection::Bytes(first, last) => {
                let range = HeaderValue::try_from(format!("bytes={first}-{last}"));
                let range = range.map_err(|_| Refusal::Failed)?;
                let part = self.fetch(parts, uri, Some(&range)).await;
                // If the file was replaced in between, the range is of the old file.
                match part {
                    Ok(part) if value(&part, &ETAG) == etag => Ok(part),
                    _ => Ok(response),
                }
            }
        }
    }

    /// Fetches a file from `ServeDir`: with the request's conditions on dates, or a range
    /// without conditions.
    async fn fetch(
        &self,
        parts: &Parts,
        uri: &Uri,
        range: Option<&HeaderValue>,
    ) -> Result<HttpResponse, Refusal> {
        let mut request = Request::new(());
        *request.method_mut() = parts.method.clone();
        *request.uri_mut() = uri.clone();
        let headers = request.headers_mut();
        if let Some(list) = accept_encoding::plain_list(&parts.headers) {
            headers.insert(ACCEPT_ENCODING, list);
        }
        match range {
            Some(range) => {
                headers.insert(RANGE, range.clone());
            }
            None => copy_dates(&parts.headers, headers),
        }
        let response = self
            .files
            .clone()
            .try_call(request)
            .await
            .map_err(refusal)?;
        match response.status() {
            StatusCode::NOT_FOUND => Err(Refusal::NotFound),
            StatusCode::PRECONDITION_FAILED => Err(Refusal::PreconditionFailed),
            StatusCode::RANGE_NOT_SATISFIABLE => Err(Refusal::Failed),
            _ => Ok(response.map(ReplyBody::stream)),
        }
    }

    /// Redirects from the prefix to the folder's path with a slash, so that relative links of
    /// the index resolve.
    fn with_slash(&self, query: Option<&str>) -> Result<HttpResponse, Refusal> {
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let location = HeaderValue::try_from(format!("{}/{query}", self.prefix));
        let mut response = Response::default();
        *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
        let location = location.map_err(|_| Refusal::NotFound)?;
        response.headers_mut().insert(LOCATION, location);
        Ok(response)
    }
}

/// Copies the conditions on dates that apply: a condition on entity tags takes precedence over
/// the one on the date, and repeated dates are ignored (RFC 9110, section 13.1).
fn copy_dates(from: &HeaderMap, to: &mut HeaderMap) {
    for (date, tags) in [
        (IF_UNMODIFIED_SINCE, IF_MATCH),
        (IF_MODIFIED_SINCE, IF_NONE_MATCH),
    ] {
        let mut values = from.get_all(&date).iter();
        if let (Some(value), None) = (values.next(), values.next())
            && !from.contains_key(tags)
        {
            to.insert(date, value.clone());
        }
    }
}

/// Converts a file's response to 304, with the headers that a cache needs to update its copy.
fn not_modified(response: HttpResponse) -> HttpResponse {
    let mut unchanged = Response::default();
    *unchanged.status_mut() = StatusCode::NOT_MODIFIED;
    for name in [ETAG, LAST_MODIFIED] {
        if let Some(value) = response.headers().get(&name) {
            unchanged.headers_mut().insert(name, value.clone());
        }
    }
    unchanged
}

fn value<'a>(response: &'a HttpResponse, name: &HeaderName) -> Option<&'a [u8]> {
    response.headers().get(name).map(HeaderValue::as_bytes)
}

/// Maps a failure to open a file: 404 if the client cannot have the file, otherwise 500.
fn refusal(error: io::Error) -> Refusal {
    use io::ErrorKind::{
        InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound, PermissionDenied,
    };
    match error.kind() {
        NotFound | PermissionDenied | NotADirectory | IsADirectory | InvalidInput
        | InvalidFilename => Refusal::NotFound,
        _ => {
            tracing::error!(%error, "failed to serve a static file");
            Refusal::Failed
        }
    }
}

#[cfg(test)]
#[path = "static_files_tests.rs"]
mod tests;
