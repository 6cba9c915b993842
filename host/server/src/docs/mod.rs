//! The OpenAPI document of an app and its viewer, served beside the app's routes.
//!
//! All of it is made when the app is loaded or was packed when the host was built;
//! the viewer's page refers to nothing outside of this host, and its content security
//! policy lets it reach nothing else but the servers that the app declares.

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

/// What the paths here answer.
const ALLOW: &str = "GET, HEAD, OPTIONS";

/// What the viewer's page loads: a name, a content type, and the content with gzip.
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

/// The document and its viewer, each at its path.
pub struct Docs {
    resources: Vec<Resource>,
}

/// What a path here has.
struct Resource {
    path: String,
    content_type: &'static str,
    /// For the page alone.
    security_policy: Option<HeaderValue>,
    etag: HeaderValue,
    packed: Option<&'static [u8]>,
    plain: OnceLock<Bytes>,
}

impl Docs {
    /// Those of a document; `None` where its app wants none served.
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
        resources.extend(ASSETS.iter().map(|(name, content_type, packed)| Resource {
            path: format!("{folder}{name}"),
            content_type,
            security_policy: None,
            etag: etag(packed),
            packed: Some(packed),
            plain: OnceLock::new(),
        }));
        Some(Self { resources })
    }

    /// Answers a request that no route of the app answers.
    ///
    /// # Errors
    /// 404, or 405 with what the path does answer.
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
            packed: None,
            plain: OnceLock::from(content),
        }
    }

    fn respond(&self, request: &HeaderMap) -> HttpResponse {
        let mut headers = HeaderMap::new();
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let packed = self.packed.filter(|_| takes_gzip(request));
        if self.packed.is_some() {
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        if has_current(request, &self.etag) {
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
        let body = match packed {
            Some(packed) => {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                Bytes::from_static(packed)
            }
            None => self.plain().clone(),
        };
        let mut response = Response::new(ReplyBody::from(body));
        *response.headers_mut() = headers;
        response
    }

    /// The content as it is, unpacked when it is first asked for.
    fn plain(&self) -> &Bytes {
        self.plain.get_or_init(|| {
            let mut plain = Vec::new();
            let mut packed = GzDecoder::new(self.packed.unwrap_or_default());
            // What was packed at build time unpacks; a test sees to it.
            match std::io::copy(&mut packed, &mut plain) {
                Ok(_) => plain.into(),
                Err(_) => Bytes::new(),
            }
        })
    }
}

/// A weak tag, since the same content may go out packed and unpacked.
fn etag(content: &[u8]) -> HeaderValue {
    let hash = blake3::hash(content).to_hex();
    HeaderValue::try_from(format!("W/\"{}\"", &hash[..20]))
        .unwrap_or(HeaderValue::from_static("W/\"\""))
}

/// Whether the client has what a tag stands for (RFC 9110, section 13.1.2).
fn has_current(request: &HeaderMap, etag: &HeaderValue) -> bool {
    conditions::weak_match(request, &header::IF_NONE_MATCH, etag.as_bytes()) == Some(true)
}

/// Whether the client takes gzip (RFC 9110, section 12.5.3).
fn takes_gzip(request: &HeaderMap) -> bool {
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
    fn gzip_is_sent_where_it_is_wanted() {
        for (value, wanted) in [
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
                takes_gzip(&headers(header::ACCEPT_ENCODING, &[value])),
                wanted,
                "{value}"
            );
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn a_tag_is_found_in_any_list() {
        let etag = HeaderValue::from_static("W/\"a\"");
        for (values, current) in [
            (&["\"a\""][..], true),
            (&["\"b\", W/\"a\""], true),
            (&["\"b\"", "\"a\""], true),
            (&["*"], true),
            (&["a"], false),
            (&["\"b\""], false),
            (&[], false),
        ] {
            assert_eq!(
                has_current(&headers(header::IF_NONE_MATCH, values), &etag),
                current,
                "{values:?}"
            );
        }
    }

    #[test]
    fn what_is_packed_unpacks() {
        for (name, _, packed) in ASSETS {
            let mut resource = Resource::new("/x", "text/plain", "");
            (resource.packed, resource.plain) = (Some(packed), OnceLock::new());
            assert!(resource.plain().len() > 100_000, "{name}");
        }
    }
}
