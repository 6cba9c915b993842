//! The OpenAPI document of an app and its viewer, served next to the app's routes.
//!
//! All content is generated when the app is loaded, or embedded when the host is built. The
//! viewer's page loads nothing from other hosts, and its content security policy allows
//! requests only to this host and to the servers that the app declares.

mod page;

use std::fmt;
use std::sync::OnceLock;

use crate::reply_body::ReplyBody;
use bytes::Bytes;
use flate2::read::GzDecoder;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use spikard_wasm_app::policy::Algorithm;
use spikard_wasm_app::{OpenApi, Refusal, same_path};

use crate::policy::{accept_encoding, conditions};
use crate::response::{self, HttpResponse};

/// Methods that the document and the viewer support.
const ALLOW: &str = "GET, HEAD, OPTIONS";

/// Files that the viewer's page loads: name, content type, and content compressed with gzip.
const ASSETS: [(&str, &str, &[u8]); 2] = [
    (
        "swagger-ui-bundle.js",
        "text/javascript; charset=utf-8",
        include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui-bundle.js.gz")),
    ),
    (
        "swagger-ui.css",
        "text/css; charset=utf-8",
        include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui.css.gz")),
    ),
];

/// The OpenAPI document and its viewer.
pub struct Docs {
    resources: Vec<Resource>,
}

/// The content of one path.
struct Resource {
    path: String,
    content_type: &'static str,
    /// Content security policy of the viewer's page; `None` for other resources.
    security_policy: Option<HeaderValue>,
    etag: HeaderValue,
    /// Content compressed with gzip, for embedded files.
    gzip: Option<&'static [u8]>,
    /// Uncompressed content.
    plain: OnceLock<Bytes>,
}

impl Docs {
    /// Prepares the document and its viewer; `None` if the app disables them.
    #[must_use]
    pub fn new(api: &OpenApi) -> Option<Self> {
        let settings = api.settings();
        if !settings.served {
            return None;
        }
        let folder = page::folder(&settings.docs);
        let start = include_bytes!("start.js");
        let mut resources = vec![
            Resource::new(
                &settings.path,
                "application/json",
                api.document().to_string(),
            ),
            Resource {
                security_policy: page::security_policy(api),
                ..Resource::new(&settings.docs, "text/html; charset=utf-8", page::html(api))
            },
            Resource::new(&format!("{folder}start.js"), ASSETS[0].1, start.as_slice()),
        ];
        resources.extend(ASSETS.iter().map(|(name, content_type, gzip)| Resource {
            path: format!("{folder}{name}"),
            content_type,
            security_policy: None,
            etag: etag(gzip),
            gzip: Some(gzip),
            plain: OnceLock::new(),
        }));
        Some(Self { resources })
    }

    /// Serves a request that no route of the app matches.
    ///
    /// # Errors
    /// 404 for other paths, 405 for unsupported methods.
    pub(crate) fn answer(&self, request: &Parts) -> Result<HttpResponse, Refusal> {
        let path = request.uri.path();
        let mut resources = self.resources.iter();
        let found = resources.find(|resource| same_path(&resource.path, path));
        let resource = found.ok_or(Refusal::NotFound)?;
        match request.method {
            Method::GET | Method::HEAD => Ok(resource.respond(&request.headers)),
            Method::OPTIONS => Ok(response::of_options(ALLOW)),
            _ => Err(Refusal::MethodNotAllowed {
                allow: ALLOW.to_owned(),
            }),
        }
    }
}

impl fmt::Debug for Docs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths = self.resources.iter().map(|resource| &resource.path);
        f.debug_list().entries(paths).finish()
    }
}

impl Resource {
    fn new(path: &str, content_type: &'static str, content: impl Into<Bytes>) -> Self {
        let content = content.into();
        Self {
            path: path.to_owned(),
            content_type,
            security_policy: None,
            etag: etag(&content),
            gzip: None,
            plain: OnceLock::from(content),
        }
    }

    fn respond(&self, request: &HeaderMap) -> HttpResponse {
        let mut headers = HeaderMap::new();
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let gzip = self.gzip.filter(|_| accepts_gzip(request));
        if self.gzip.is_some() {
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        if is_not_modified(request, &self.etag) {
            let mut response = Response::new(ReplyBody::default());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.headers_mut() = headers;
            return response;
        }
        let no_sniff = HeaderName::from_static("x-content-type-options");
        headers.insert(no_sniff, HeaderValue::from_static("nosniff"));
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(self.content_type),
        );
        if let Some(policy) = &self.security_policy {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
        }
        let body = match gzip {
            Some(gzip) => {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                Bytes::from_static(gzip)
            }
            None => self.plain().clone(),
        };
        let mut response = Response::new(ReplyBody::from(body));
        *response.headers_mut() = headers;
        response
    }

    /// Returns the uncompressed content. An embedded file is decompressed on first use.
    fn plain(&self) -> &Bytes {
        self.plain.get_or_init(|| {
            let mut plain = Vec::new();
            let mut decoder = GzDecoder::new(self.gzip.unwrap_or_default());
            // A test checks that the embedded files decompress.
            match std::io::copy(&mut decoder, &mut plain) {
                Ok(_) => plain.into(),
                Err(_) => Bytes::new(),
            }
        })
    }
}

/// Returns a weak entity tag, because the same content is sent with and without compression.
fn etag(content: &[u8]) -> HeaderValue {
    let hash = blake3::hash(content).to_hex();
    HeaderValue::try_from(format!("W/\"{}\"", &hash[..20]))
        .unwrap_or(HeaderValue::from_static("W/\"\""))
}

/// Returns true if the client has the content with this tag (RFC 9110, section 13.1.2).
fn is_not_modified(request: &HeaderMap, etag: &HeaderValue) -> bool {
    conditions::weak_match(request, &header::IF_NONE_MATCH, etag.as_bytes()) == Some(true)
}

/// Returns true if the client accepts gzip (RFC 9110, section 12.5.3).
fn accepts_gzip(request: &HeaderMap) -> bool {
    accept_encoding::choose(request, &[Algorithm::Gzip]).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn gzip_is_sent_to_clients_that_accept_it() {
        for (value, is_accepted) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("*", true),
            ("gzip;q=0, *", false),
            ("*;q=0", false),
            ("br", false),
            ("gzip;q=x", false),
            ("gzip;Q=0", false),
            ("gzip ; Q = 0.5", true),
            ("identity, gzip;q=0.5", false),
        ] {
            assert_eq!(
                accepts_gzip(&headers(header::ACCEPT_ENCODING, &[value])),
                is_accepted,
                "{value}"
            );
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn a_tag_is_found_in_any_list() {
        let etag = HeaderValue::from_static("W/\"a\"");
        for (values, expected) in [
            (&["\"a\""][..], true),
            (&["\"b\", W/\"a\""], true),
            (&["\"b\"", "\"a\""], true),
            (&["*"], true),
            (&["a"], false),
            (&["\"b\""], false),
            (&[], false),
        ] {
            assert_eq!(
                is_not_modified(&headers(header::IF_NONE_MATCH, values), &etag),
                expected,
                "{values:?}"
            );
        }
    }

    #[test]
    fn embedded_files_decompress() {
        for (name, _, gzip) in ASSETS {
            let mut resource = Resource::new("/x", "text/plain", "");
            (resource.gzip, resource.plain) = (Some(gzip), OnceLock::new());
            assert!(resource.plain().len() > 100_000, "{name}");
        }
    }
}
