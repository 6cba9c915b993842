//! Serves folders of files; ranges, conditions and precompressed files are the work
//! of tower-http's `ServeDir`.

use std::io;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use hyper::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_RANGE, ETAG, HeaderName, HeaderValue, IF_MATCH,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LAST_MODIFIED, LOCATION,
    RANGE,
};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode, Uri};
use spikard_wasm_app::policy::StaticMount;
use spikard_wasm_app::{App, Refusal};
use tower_http::services::ServeDir;
use tower_http::services::fs::DefaultServeDirFallback;

use super::contained::Contained;
use super::preflight::FILE_METHODS;
use crate::error::ServeError;
use crate::reply_body::ReplyBody;
use crate::response::HttpResponse;

/// The folders that an app serves.
#[derive(Debug, Clone, Default)]
pub(crate) struct StaticFiles(Vec<Folder>);

/// A folder: one of the app's mounts, at its index.
#[derive(Debug, Clone)]
struct Folder {
    files: ServeDir<DefaultServeDirFallback, Contained>,
    cache_control: Option<HeaderValue>,
    has_index: bool,
    prefix: String,
}

/// The headers of a request that matter to a file.
const OF_FILES: [HeaderName; 5] = [
    ACCEPT_ENCODING,
    IF_MATCH,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    IF_UNMODIFIED_SINCE,
];

impl StaticFiles {
    /// Opens the folders that an app serves, below the one that it is granted. The app is
    /// mounted `below` a path.
    ///
    /// # Errors
    /// None is granted, or one is not there.
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

    /// Answers a request whose path no route has.
    ///
    /// # Errors
    /// 404 for what is no file; 405, 412 and 416.
    pub(crate) async fn answer(&self, app: &App, parts: &Parts) -> Result<HttpResponse, Refusal> {
        let (index, rest) = app.mount(parts.uri.path()).ok_or(Refusal::NotFound)?;
        let folder = self.0.get(index).ok_or(Refusal::NotFound)?;
        if parts.method == Method::GET || parts.method == Method::HEAD {
            return folder.answer(parts, &rest).await;
        }
        // Another method matters only to a file that is there.
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
        let mut files = ServeDir::with_backend("", Contained::new(folder))
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
            prefix,
        }
    }

    /// Answers GET and HEAD for what is left of a path.
    async fn answer(&self, parts: &Parts, rest: &str) -> Result<HttpResponse, Refusal> {
        if rest.is_empty() && self.has_index {
            return self.with_slash(parts.uri.query());
        }
        // An empty segment names no file, and a redirect to one that begins with two
        // slashes would lead to another host.
        if rest.is_empty() || rest.contains("//") {
            return Err(Refusal::NotFound);
        }
        let query = parts.uri.query().map(|query| format!("?{query}"));
        let target = format!("{rest}{}", query.unwrap_or_default());
        let uri = Uri::try_from(target).map_err(|_| Refusal::NotFound)?;
        let range = range(parts);
        let response = self.ask(parts, &uri, range.as_ref()).await?;
        let is_other =
            response.status() == StatusCode::PARTIAL_CONTENT && !is_same(parts, &response);
        let mut response = match is_other {
            true => self.ask(parts, &uri, None).await?,
            false => response,
        };
        if let Some(value) = &self.cache_control {
            response.headers_mut().insert(CACHE_CONTROL, value.clone());
        }
        Ok(response)
    }

    async fn ask(
        &self,
        parts: &Parts,
        uri: &Uri,
        range: Option<&HeaderValue>,
    ) -> Result<HttpResponse, Refusal> {
        let mut request = Request::new(());
        *request.method_mut() = parts.method.clone();
        *request.uri_mut() = uri.clone();
        for name in OF_FILES {
            for value in parts.headers.get_all(&name) {
                request.headers_mut().append(name.clone(), value.clone());
            }
        }
        if let Some(range) = range {
            request.headers_mut().insert(RANGE, range.clone());
        }
        let response = self.files.clone().try_call(request).await.map_err(refuse)?;
        match response.status() {
            StatusCode::NOT_FOUND => Err(Refusal::NotFound),
            StatusCode::PRECONDITION_FAILED => Err(Refusal::PreconditionFailed),
            StatusCode::RANGE_NOT_SATISFIABLE => {
                let value = response.headers().get(CONTENT_RANGE);
                let value = value.and_then(|value| value.to_str().ok());
                Err(Refusal::RangeNotSatisfiable {
                    content_range: value.unwrap_or("bytes */*").to_owned(),
                })
            }
            _ => Ok(response.map(ReplyBody::stream)),
        }
    }

    /// Leads from the prefix to the folder's index, whose links start there.
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

/// The range that is asked for, if one may be: of bytes, and by GET alone
/// (RFC 9110, section 14.2).
fn range(parts: &Parts) -> Option<HeaderValue> {
    let mut values = parts.headers.get_all(RANGE).iter();
    let range = values.next().filter(|_| parts.method == Method::GET)?;
    if values.next().is_some() {
        return None;
    }
    // The unit's case does not matter, but to `ServeDir`.
    let (unit, rest) = range.to_str().ok()?.split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    HeaderValue::try_from(format!("bytes={rest}")).ok()
}

/// Whether the file is the one of which the client has the other parts (RFC 9110,
/// section 13.1.5).
fn is_same(parts: &Parts, response: &HttpResponse) -> bool {
    let Some(wanted) = parts.headers.get(IF_RANGE) else {
        return true;
    };
    [ETAG, LAST_MODIFIED]
        .iter()
        .any(|name| response.headers().get(name) == Some(wanted))
}

/// What cannot be opened is not there for the client.
fn refuse(error: io::Error) -> Refusal {
    use io::ErrorKind::{
        InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound, PermissionDenied,
    };
    match error.kind() {
        NotFound | PermissionDenied | NotADirectory | IsADirectory | InvalidInput
        | InvalidFilename => Refusal::NotFound,
        _ => {
            tracing::error!(%error, "a file cannot be served");
            Refusal::Failed
        }
    }
}
