//! Cross-origin resource sharing (Fetch standard, section 3.2).

use std::fmt;

use serde::Deserialize;

use super::header;
use super::switch::{FromTrue, OneOrMany};
use crate::method::Method;
use crate::refusal::Refusal;

/// The declaration of `cors`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorsSpec {
    origins: OneOrMany,
    methods: Option<Vec<String>>,
    #[serde(default)]
    headers: OneOrMany,
    #[serde(default)]
    expose: OneOrMany,
    #[serde(default)]
    credentials: bool,
    max_age: Option<u32>,
}

impl FromTrue for CorsSpec {
    fn from_true() -> Result<Self, &'static str> {
        Err("declare `origins`")
    }
}

/// The CORS-safelisted methods (Fetch, section 2.2.1), which need no permission.
const SAFE_METHODS: [&str; 3] = ["GET", "HEAD", "POST"];

/// The maximum number of headers in a preflight.
const MAX_HEADERS: usize = 64;

/// The maximum size of client text in a problem document, in bytes.
const MAX_ECHOED: usize = 128;

/// The CORS policy.
#[derive(Debug)]
pub struct Cors {
    /// `None` for all origins.
    origins: Option<Vec<String>>,
    /// `None` for the methods of the path.
    methods: Option<Vec<String>>,
    /// `None` for all headers.
    headers: Option<Vec<String>>,
    expose: String,
    credentials: bool,
    max_age: Option<u32>,
}

/// Headers of a response: names in lower case, and values.
pub type Headers = Vec<(&'static str, String)>;

/// A preflight request.
#[derive(Debug, Clone, Copy)]
pub struct Preflight<'a> {
    /// The page's origin.
    pub origin: &'a [u8],
    /// The method of the actual request.
    pub method: &'a [u8],
    /// The headers of the actual request, separated by commas.
    pub headers: &'a [u8],
    /// The methods of the path, separated by commas.
    pub allow: &'a str,
}

impl Cors {
    pub(super) fn new(spec: &CorsSpec) -> Result<Self, String> {
        let any = |list: &OneOrMany| list.0.iter().any(|item| item == "*");
        let origins = match any(&spec.origins) {
            true if spec.origins.0.len() > 1 => {
                return Err(
                    "has `origins` with `*` and other origins; `*` allows all, so remove the others"
                        .to_owned(),
                );
            }
            true if spec.credentials => {
                return Err(
                    "allows `credentials` with `origins` `*`, which browsers reject; list the origins"
                        .to_owned(),
                );
            }
            true => None,
            false if spec.origins.0.is_empty() => {
                return Err("has no `origins`; list at least one, or write `*`".to_owned());
            }
            false => Some(spec.origins.0.clone()),
        };
        for origin in origins.iter().flatten() {
            check_origin(origin, spec.credentials)?;
        }
        for method in spec.methods.iter().flatten() {
            if Method::parse(method).is_none() {
                return Err(format!(
                    "has `methods` with `{}`, which no route can have; write a method in upper case",
                    method.escape_debug()
                ));
            }
        }
        let headers = match any(&spec.headers) {
            true => None,
            false => Some(spec.headers.0.clone()),
        };
        if spec.credentials && any(&spec.expose) {
            return Err(
                "has `expose` `*` with `credentials`, for which browsers ignore the wildcard; list the headers"
                    .to_owned(),
            );
        }
        for name in headers.iter().flatten().chain(&spec.expose.0) {
            if name.is_empty() || !name.bytes().all(header::is_token) {
                return Err(format!(
                    "has `{}`, which is not a header name",
                    name.escape_debug()
                ));
            }
        }
        Ok(Self {
            origins,
            methods: spec.methods.clone().filter(|methods| !methods.is_empty()),
            headers,
            expose: spec.expose.0.join(", "),
            credentials: spec.credentials,
            max_age: spec.max_age,
        })
    }

    /// Returns the headers of a response to a request with this `Origin`. They tell the
    /// browser whether the page can read the response.
    #[must_use]
    pub fn of_response(&self, origin: Option<&[u8]>) -> Headers {
        let mut headers = self.of_origin(origin);
        if !self.expose.is_empty() && headers.iter().any(|(name, _)| *name == ALLOW_ORIGIN) {
            headers.push(("access-control-expose-headers", self.expose.clone()));
        }
        headers
    }

    /// Returns the headers of the response to a preflight.
    ///
    /// # Errors
    /// 403 that names the forbidden origin, method or header.
    pub fn of_preflight(&self, asked: Preflight<'_>) -> Result<Headers, Refusal> {
        let forbidden = |what: &dyn fmt::Display| Refusal::Forbidden {
            detail: format!("CORS: {what}"),
        };
        let mut headers = self.of_origin(Some(asked.origin));
        if !headers.iter().any(|(name, _)| *name == ALLOW_ORIGIN) {
            let origin = printable(asked.origin);
            return Err(forbidden(&format!("the origin `{origin}` is not allowed")));
        }
        let methods = match &self.methods {
            Some(methods) => methods.join(", "),
            None => asked.allow.to_owned(),
        };
        let is_method = |method: &str| method.as_bytes() == asked.method;
        if !methods.split(", ").chain(SAFE_METHODS).any(is_method) {
            let method = printable(asked.method);
            return Err(forbidden(&format!(
                "the method `{method}` is not allowed; {methods} are"
            )));
        }
        headers.push(("access-control-allow-methods", methods));
        let requested = requested_headers(asked.headers);
        let requested = requested.ok_or_else(|| {
            forbidden(&"`access-control-request-headers` is not a list of header names")
        })?;
        if let Some(allowed) = &self.headers {
            let is_allowed =
                |name: &str| allowed.iter().any(|known| known.eq_ignore_ascii_case(name));
            if let Some(name) = requested.iter().find(|name| !is_allowed(name)) {
                let name = printable(name.as_bytes());
                return Err(forbidden(&format!("the header `{name}` is not allowed")));
            }
            if !allowed.is_empty() {
                headers.push(("access-control-allow-headers", allowed.join(", ")));
            }
        } else if !requested.is_empty() {
            // `*` excludes `authorization`, and is no wildcard for requests with credentials.
            headers.push(("access-control-allow-headers", requested.join(", ")));
        }
        if let Some(seconds) = self.max_age {
            headers.push(("access-control-max-age", seconds.to_string()));
        }
        Ok(headers)
    }

    /// Returns the headers that responses to preflights and other requests share.
    fn of_origin(&self, origin: Option<&[u8]>) -> Headers {
        let mut headers = Vec::with_capacity(4);
        let Some(origins) = &self.origins else {
            headers.push((ALLOW_ORIGIN, "*".to_owned()));
            return headers;
        };
        let found = origins
            .iter()
            .find(|known| Some(known.as_bytes()) == origin);
        if let Some(origin) = found {
            headers.push((ALLOW_ORIGIN, origin.clone()));
            if self.credentials {
                headers.push(("access-control-allow-credentials", "true".to_owned()));
            }
        }
        // Caches must store a separate response for each origin.
        headers.push(("vary", "Origin".to_owned()));
        headers
    }
}

const ALLOW_ORIGIN: &str = "access-control-allow-origin";

/// Parses `access-control-request-headers`. `None` if it is not a list of header names.
fn requested_headers(list: &[u8]) -> Option<Vec<&str>> {
    let list = std::str::from_utf8(list).ok()?;
    let mut names = Vec::new();
    for name in list
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        if names.len() == MAX_HEADERS || !name.bytes().all(header::is_token) {
            return None;
        }
        names.push(name);
    }
    Some(names)
}

/// Truncates and escapes client text for a problem document.
fn printable(bytes: &[u8]) -> String {
    let bytes = bytes.get(..MAX_ECHOED).unwrap_or(bytes);
    String::from_utf8_lossy(bytes).escape_debug().to_string()
}

/// Checks that an origin has the form that browsers send: scheme, host and optional port.
fn check_origin(origin: &str, credentials: bool) -> Result<(), String> {
    if origin == "null" {
        return match credentials {
            true => Err(
                "allows `credentials` to the origin `null`, which any page can assume; remove one"
                    .to_owned(),
            ),
            false => Ok(()),
        };
    }
    let host = origin.split_once("://").filter(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.'))
    });
    let is_host = |host: &str| {
        !host.is_empty()
            && host.bytes().all(|byte| {
                matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b':' | b'[' | b']')
            })
    };
    if host.is_some_and(|(_, host)| is_host(host)) {
        return Ok(());
    }
    Err(format!(
        "has `origins` with `{}`, which is not an origin; write scheme, host and optional port in lower case and without a path, such as `https://a.example`",
        origin.escape_debug()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Switch;
    use serde_json::{Value, json};

    fn cors(declared: Value) -> Result<Cors, String> {
        match serde_json::from_value(declared).unwrap() {
            Switch::On(spec) => Cors::new(&spec),
            Switch::Off => panic!("off"),
        }
    }

    fn preflight<'a>(origin: &'a str, method: &'a str, headers: &'a str) -> Preflight<'a> {
        Preflight {
            origin: origin.as_bytes(),
            method: method.as_bytes(),
            headers: headers.as_bytes(),
            allow: "GET, HEAD, DELETE, OPTIONS",
        }
    }

    fn text(headers: &Headers) -> String {
        let line = |(name, value): &(&str, String)| {
            format!("{}: {value}", name.trim_start_matches("access-control-"))
        };
        headers.iter().map(line).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn answers_listed_origins_with_themselves() {
        let declared = json!({"origins": ["https://a.example", "http://[::1]:8080"],
            "credentials": true, "expose": ["X-Total", "x-page"]});
        let cors = cors(declared).unwrap();
        assert_eq!(
            text(&cors.of_response(Some(b"https://a.example"))),
            "allow-origin: https://a.example; allow-credentials: true; vary: Origin; expose-headers: X-Total, x-page"
        );
        for other in [
            None,
            Some(b"https://b.example" as &[u8]),
            Some(b"https://A.example"),
            Some(b"https://a.example.evil"),
            Some(b"null"),
            Some(b"\xff"),
        ] {
            assert_eq!(text(&cors.of_response(other)), "vary: Origin");
        }
    }

    #[test]
    fn answers_all_origins_alike() {
        let cors = cors(json!({"origins": "*", "max_age": 600, "headers": "*"})).unwrap();
        assert_eq!(text(&cors.of_response(None)), "allow-origin: *");
        let headers = cors.of_preflight(preflight("null", "DELETE", "X-A, authorization"));
        assert_eq!(
            text(&headers.unwrap()),
            "allow-origin: *; allow-methods: GET, HEAD, DELETE, OPTIONS; allow-headers: X-A, authorization; max-age: 600"
        );
    }

    #[test]
    fn preflights_are_refused_for_what_is_not_allowed() {
        let declared = json!({"origins": ["https://a.example"], "methods": ["PUT"],
            "headers": ["X-Custom"]});
        let cors = cors(declared).unwrap();
        let ask =
            |origin, method, headers| match cors.of_preflight(preflight(origin, method, headers)) {
                Ok(headers) => text(&headers),
                Err(Refusal::Forbidden { detail }) => detail,
                Err(other) => panic!("{other:?}"),
            };
        assert_eq!(
            ask("https://a.example", "PUT", "x-custom"),
            "allow-origin: https://a.example; vary: Origin; allow-methods: PUT; allow-headers: X-Custom"
        );
        // Safelisted methods need no permission.
        assert!(ask("https://a.example", "POST", "").starts_with("allow-origin"));
        for (origin, method, headers, reason) in [
            (
                "https://b.example",
                "PUT",
                "",
                "CORS: the origin `https://b.example` is not allowed",
            ),
            (
                "https://a.example",
                "DELETE",
                "",
                "CORS: the method `DELETE` is not allowed; PUT are",
            ),
            (
                "https://a.example",
                "put",
                "",
                "CORS: the method `put` is not allowed; PUT are",
            ),
            (
                "https://a.example",
                "PUT",
                "x-custom,x-b",
                "CORS: the header `x-b` is not allowed",
            ),
        ] {
            assert_eq!(ask(origin, method, headers), reason);
        }
        let many = vec!["x-custom"; 65].join(",");
        for list in ["a b", "é", many.as_str()] {
            assert!(ask("https://a.example", "PUT", list).contains("not a list"));
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let error = |declared| cors(declared).unwrap_err();
        assert!(error(json!({"origins": "*", "credentials": true})).contains("list the origins"));
        assert!(error(json!({"origins": "null", "credentials": true})).contains("null"));
        assert!(error(json!({"origins": []})).contains("no `origins`"));
        assert!(error(json!({"origins": ["*", "https://a"]})).contains("remove the others"));
        for bad in [
            "https://a.example/",
            "a.example",
            "https://",
            "https://A.example",
            "://a",
            "https://a b",
        ] {
            assert!(
                error(json!({"origins": bad})).contains("not an origin"),
                "{bad}"
            );
        }
        let with = |name: &str, value: Value| {
            let mut declared = json!({"origins": "https://a"});
            declared[name] = value;
            error(declared)
        };
        assert!(with("methods", json!(["get"])).contains("no route can have"));
        assert!(with("headers", json!(["a b"])).contains("not a header name"));
        let both = json!({"origins": "https://a", "credentials": true, "expose": "*"});
        assert!(error(both).contains("`expose`"));
    }
}
