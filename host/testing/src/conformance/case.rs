//! Test case of a fixture: its routes and settings, the request and the expected
//! response.

use serde_json::{Map, Value, json};

use super::author::{self, Author};
use super::fixture::{Expected, Fixture};
use super::path::Pattern;
use super::policies::{Folder, Policies, Warmup};
use super::request::Outgoing;
use super::{answer, declare, implied, token};

/// A fixture translated to routes, settings and a request.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// The id of the fixture.
    pub(crate) id: String,
    /// Its routes, in the format of the guest.
    pub(crate) routes: Vec<Value>,
    /// The settings of the app.
    pub(crate) app: Map<String, Value>,
    /// The version of the app.
    pub(crate) version: Option<String>,
    /// Directories of static files, each with its setting.
    pub(crate) folders: Vec<Folder>,
    /// Paths reserved for this case.
    pub(crate) claims: Vec<Claim>,
    /// Requests to send before the compared one.
    pub(crate) warmup: Option<Warmup>,
    /// The request.
    pub(crate) request: Outgoing,
    /// The expected response.
    pub(crate) expected: Expected,
    /// The component that must write the response.
    pub(crate) author: Author,
    /// True if a CORS policy is declared.
    pub(crate) shared: bool,
    /// True if a limit of the body size is declared.
    pub(crate) limited: bool,
    /// True if the token of the request has an impossible signature, but the fixture
    /// expects the host to accept it.
    pub(crate) forged: bool,
}

/// Paths and methods that no other fixture of the same app may use.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Claim {
    /// The paths.
    pub(crate) pattern: Pattern,
    /// The method; `None` for all methods.
    pub(crate) method: Option<String>,
}

impl Case {
    /// Translates a fixture to a case.
    ///
    /// # Errors
    /// Fails with the reason if the host has no equivalent of the fixture.
    pub(crate) fn new(name: &str, id: &str, fixture: &Fixture) -> Result<Self, String> {
        let mut fixture = fixture.clone();
        for (key, value) in std::mem::take(&mut fixture.handler.others) {
            // Ignore documentation and the schema of replies, which the host does not check.
            let ignored = ["response_schema", "name", "summary", "description", "tags"];
            if !ignored.contains(&key.as_str()) && !value.is_null() {
                fixture.handler.middleware.insert(key, value);
            }
        }
        fixture.handler.method.make_ascii_uppercase();
        let fixture = &fixture;
        if !(200..=599).contains(&fixture.expected_response.status_code) {
            return Err("it expects no status".to_owned());
        }
        let request = Outgoing::read(&fixture.request)?;
        has_its_form(fixture, &request)?;
        let (pattern, named) = Pattern::parse(&fixture.handler.route)?;
        let mut policies = Policies::read(&fixture.handler.middleware)?;
        implied::add(&mut policies, fixture, &pattern, &request)?;
        let author = author::of(fixture, &policies, &pattern, &request)?;
        if author != Author::Host {
            answer::check_length(&fixture.expected_response)?;
        }

        let parameters = declare::parameters(&fixture.handler.parameters, &pattern, &named)?;
        let status = fixture.expected_response.status_code;
        let body = declare::body(&fixture.handler, &request, status)?;
        let own_document = policies.has("openapi");
        let methods = match policies.folders.is_empty() && !own_document {
            true => methods(fixture, &request)?,
            false => Vec::new(),
        };
        let routes = methods.iter().map(|method| {
            json!({
                "method": method,
                "path": pattern.to_host(),
                "name": match methods.len() {
                    1 => name.to_owned(),
                    _ => format!("{name} {method}"),
                },
                "parameters": text(&Value::Array(parameters.clone())),
                "body": body.as_ref().map(text).unwrap_or_default(),
                "settings": text(&Value::Object(policies.route.clone())),
                "answer": answer::of(fixture, &policies, author),
            })
        });
        let sensitive = author == Author::Host && methods != [request.method.clone()];
        let claim = |method: Option<&String>| Claim {
            pattern: pattern.clone(),
            method: method.cloned(),
        };
        let mut claims: Vec<_> = match sensitive || methods.is_empty() {
            true => vec![claim(None)],
            false => methods.iter().map(|method| claim(Some(method))).collect(),
        };
        if !pattern.matches(request.path()) {
            // No other fixture of the app may serve the path of the request.
            claims.push(Claim {
                pattern: Pattern::of_path(request.path()),
                method: None,
            });
        }
        claims.extend(policies.folders.iter().map(|folder| Claim {
            pattern: Pattern::beneath(&folder.prefix),
            method: None,
        }));
        Ok(Self {
            id: id.to_owned(),
            routes: routes.collect(),
            claims,
            warmup: policies.warmup,
            forged: author == Author::Handler && policies.has("jwt") && token::is_forged(&request),
            shared: policies.has("cors"),
            limited: policies.has("body_limit"),
            app: policies.app,
            version: policies.version,
            folders: policies.folders,
            request,
            expected: fixture.expected_response.clone(),
            author,
        })
    }
}

/// Encodes JSON as a string; empty arrays and objects become the empty string.
fn text(value: &Value) -> String {
    match value {
        Value::Array(items) if items.is_empty() => String::new(),
        Value::Object(members) if members.is_empty() => String::new(),
        value => value.to_string(),
    }
}

/// Returns the methods of a fixture's routes. For OPTIONS, these are the method that a
/// preflight names, or the methods in the expected `allow` header.
fn methods(fixture: &Fixture, request: &Outgoing) -> Result<Vec<String>, String> {
    const KNOWN: [&str; 8] = [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE",
    ];
    let method = &fixture.handler.method;
    let mut methods = vec![method.clone()];
    if method == "OPTIONS" {
        let asked = request.header("access-control-request-method");
        let headers = &fixture.expected_response.headers;
        let mut headers = headers.iter();
        let allow = headers.find(|(name, _)| name.eq_ignore_ascii_case("allow"));
        if let (true, Some(asked)) = (author::is_preflight(request), asked) {
            methods = vec![asked.to_ascii_uppercase()];
        } else if let Some(allow) = allow.and_then(|(_, value)| value.as_str()) {
            let listed = allow
                .split(',')
                .map(|name| name.trim().to_ascii_uppercase());
            methods = listed.filter(|name| name != "OPTIONS").collect();
            let get = methods.iter().any(|name| name == "GET");
            methods.retain(|name| !(get && name == "HEAD"));
        }
    }
    match methods.iter().find(|name| !KNOWN.contains(&name.as_str())) {
        Some(name) => Err(format!("a route cannot have the method `{name}`")),
        None => Ok(methods),
    }
}

/// Returns an error if a fixture tests a form that its request does not contain.
fn has_its_form(fixture: &Fixture, request: &Outgoing) -> Result<(), String> {
    let expected = &fixture.expected_response;
    let is_form = request.media_type().as_deref() == Some("multipart/form-data");
    let has_boundary = request
        .header("content-type")
        .is_some_and(|value| value.contains("boundary"));
    let missing = expected.body.iter().any(|body| {
        let errors = body["errors"].as_array();
        errors.is_some_and(|errors| errors.iter().all(|error| error["type"] == "missing"))
    });
    let needs_form = expected.status_code < 300 && is_form && !has_boundary
        || !fixture.handler.parameters.files.is_empty()
            && (expected.status_code < 300 || expected.status_code == 422 && !missing);
    match needs_form && request.body.is_none() {
        true => Err("its request does not contain the form that it tests".to_owned()),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn case(http: Value) -> Result<Case, String> {
        let fixture = serde_json::from_value(http).expect("a fixture");
        Case::new("f/a", "a", &fixture)
    }

    #[test]
    fn a_fixture_becomes_a_route() {
        let case = case(json!({
            "handler": {"route": "/items/{id:int}", "method": "post", "body_schema": {"type": "object"},
                        "middleware": {"body_limit": 9}},
            "request": {"method": "POST", "path": "/items/1", "body": {}},
            "expected_response": {"status_code": 201, "body": {"a": 1}}
        }))
        .expect("a case");
        let route = &case.routes[0];
        assert_eq!(
            (&route["method"], &route["path"]),
            (&json!("POST"), &json!("/items/{id}"))
        );
        assert_eq!(route["settings"], r#"{"body_limit":9}"#);
        assert_eq!(
            route["answer"]["handler"]["body"],
            json!({"json": "{\"a\":1}"})
        );
        assert_eq!(case.author, Author::Handler);
    }

    #[test]
    fn a_preflight_is_about_another_method() {
        let case = case(json!({
            "handler": {"route": "/a", "method": "OPTIONS"},
            "request": {"method": "OPTIONS", "path": "/a", "headers": {
                "Origin": "https://o", "Access-Control-Request-Method": "PUT"}},
            "expected_response": {"status_code": 204, "headers": {
                "Access-Control-Allow-Origin": "https://o"}}
        }))
        .expect("a case");
        assert_eq!(case.routes[0]["method"], "PUT");
        assert_eq!(case.author, Author::Host);
        assert_eq!(case.claims[0].method, None);
    }

    #[test]
    fn a_path_that_is_not_there_is_claimed() {
        let case = case(json!({
            "handler": {"route": "/a", "method": "GET"},
            "request": {"method": "GET", "path": "/b/{c}?d"},
            "expected_response": {"status_code": 404}
        }))
        .expect("a case");
        let claims: Vec<_> = case
            .claims
            .iter()
            .map(|claim| claim.pattern.to_host())
            .collect();
        assert_eq!(claims, ["/a", "/b/{c}"]);
        assert_eq!(case.claims[1].method, None);
    }

    #[test]
    fn allow_names_the_routes() {
        let case = case(json!({
            "handler": {"route": "/a", "method": "OPTIONS"},
            "request": {"method": "OPTIONS", "path": "/a"},
            "expected_response": {"status_code": 204, "headers": {"Allow": "GET, HEAD, POST, OPTIONS"}}
        }))
        .expect("a case");
        let methods: Vec<_> = case.routes.iter().map(|route| &route["method"]).collect();
        assert_eq!(methods, ["GET", "POST"]);
    }

    #[test]
    fn what_cannot_be_expressed_has_a_reason() {
        let base = json!({
            "handler": {"route": "/a", "method": "POST"},
            "request": {"method": "POST", "path": "/a"},
            "expected_response": {"status_code": 200}
        });
        let changed = |place: &str, name: &str, value: Value| {
            let mut http = base.clone();
            http[place][name] = value;
            case(http).expect_err("a reason")
        };
        assert!(changed("handler", "teapot", json!({})).contains("`teapot`"));
        assert!(changed("handler", "method", json!("CONNECT")).contains("`CONNECT`"));
        assert!(changed("expected_response", "status_code", json!(0)).contains("no status"));
        let form = json!("multipart/form-data");
        assert!(changed("request", "content_type", form).contains("does not contain the form"));
        assert!(changed("request", "path", json!("/{{ x }}")).contains("template"));
        assert!(case(base).is_ok());
    }
}
