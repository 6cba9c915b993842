//! Policies that only the expected response implies.
//!
//! Some fixtures expect the effect of a policy that they do not declare. The runner derives
//! the declaration from the expected response. The host must act on the declaration; the
//! guest still does not get the reply.

use serde_json::{Map, Value, json};

use super::author::is_preflight;
use super::fixture::Fixture;
use super::members::Members;
use super::path::Pattern;
use super::policies::Policies;
use super::request::Outgoing;

/// Adds the policies that the expected response implies.
///
/// # Errors
/// Fails if the fixture expects an unknown CORS header, or an OpenAPI document with members
/// that it does not define.
pub(crate) fn add(
    policies: &mut Policies,
    fixture: &Fixture,
    pattern: &Pattern,
    request: &Outgoing,
) -> Result<(), String> {
    let expected = &fixture.expected_response;
    let header = |name: &str| {
        let mut found = expected.headers.iter();
        let found = found.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.and_then(|(_, value)| value.as_str())
    };
    let known = [
        "allow-origin",
        "allow-methods",
        "allow-headers",
        "allow-credentials",
        "expose-headers",
        "max-age",
    ];
    for name in expected.headers.keys() {
        let name = name.to_ascii_lowercase();
        let rest = name.strip_prefix("access-control-");
        if rest.is_some_and(|rest| !known.contains(&rest)) {
            return Err(format!("the Fetch standard has no header `{name}`"));
        }
    }
    if let (false, Some(origin)) = (
        policies.route.contains_key("cors"),
        header("access-control-allow-origin").filter(|origin| !origin.starts_with("<<absent")),
    ) {
        let setting = cors(origin, &header, request);
        policies.route.insert("cors".to_owned(), setting);
    }
    if expected.status_code == 413
        && !policies.has("body_limit")
        && let Some(limit) = bytes_named(expected.body.as_ref())
    {
        policies.route.insert("body_limit".to_owned(), json!(limit));
    }
    if expected.status_code == 408 {
        let timeout = policies.route.entry("timeout_ms");
        timeout.or_insert_with(|| json!(300));
        policies
            .route
            .insert("timeout_status".to_owned(), json!(408));
    }
    if header("x-request-id").is_some_and(|id| id != "<<absent>>")
        && !policies.route.contains_key("request_id")
        && policies.hooks.is_empty()
    {
        policies.route.insert("request_id".to_owned(), json!(true));
    }
    if header("content-encoding").is_some_and(|name| name != "<<absent>>")
        && !policies.route.contains_key("compression")
    {
        let setting = json!({"min_size": 0});
        policies.route.insert("compression".to_owned(), setting);
    }
    if !pattern.matches(request.path()) && expected.status_code < 400 && policies.folders.is_empty()
    {
        let policy = if expected.status_code < 300 {
            "ignore"
        } else {
            "redirect"
        };
        policies
            .app
            .insert("trailing_slash".to_owned(), json!(policy));
    }
    documents(policies, fixture)
}

/// Returns a CORS policy with which the host sends the expected headers.
fn cors<'a>(origin: &str, header: &impl Fn(&str) -> Option<&'a str>, request: &Outgoing) -> Value {
    let mut setting = Map::new();
    let origins = match origin {
        "*" => json!("*"),
        "<<present>>" => json!([request.header("origin")]),
        origin => json!([origin]),
    };
    setting.insert("origins".to_owned(), origins);
    let listed = [
        ("methods", "access-control-allow-methods"),
        ("headers", "access-control-allow-headers"),
        ("expose", "access-control-expose-headers"),
    ];
    for (name, header_name) in listed {
        if let Some(list) = header(header_name).filter(|list| !list.starts_with("<<")) {
            let items: Vec<_> = list.split(',').map(str::trim).collect();
            let any = name == "headers" && items == ["*"];
            setting.insert(name.to_owned(), if any { json!("*") } else { json!(items) });
        }
    }
    if header("access-control-allow-credentials") == Some("true") {
        setting.insert("credentials".to_owned(), json!(true));
    }
    let age = header("access-control-max-age").and_then(|age| age.parse::<u64>().ok());
    if let Some(age) = age.filter(|_| is_preflight(request)) {
        setting.insert("max_age".to_owned(), json!(age));
    }
    Value::Object(setting)
}

/// Finds the number in a text such as `maximum allowed size of 1024 bytes`, at any depth of a
/// body.
fn bytes_named(body: Option<&Value>) -> Option<u64> {
    match body? {
        Value::String(text) => {
            let words: Vec<_> = text.split_whitespace().collect();
            let pair = |pair: &[&str]| match pair {
                [number, unit] if unit.starts_with("bytes") => number.parse().ok(),
                _ => None,
            };
            words.windows(2).find_map(pair)
        }
        Value::Object(members) => members.values().find_map(|value| bytes_named(Some(value))),
        Value::Array(items) => items.iter().find_map(|value| bytes_named(Some(value))),
        _ => None,
    }
}

/// Enables the host's OpenAPI document or its documentation page if the last segment of the
/// route names one of them.
fn documents(policies: &mut Policies, fixture: &Fixture) -> Result<(), String> {
    let (handler, expected) = (&fixture.handler, &fixture.expected_response);
    if handler.method != "GET" || expected.status_code != 200 {
        return Ok(());
    }
    let last = handler.route.rsplit('/').next().unwrap_or_default();
    let pages = ["docs", "redoc", "swagger", "swagger-ui"];
    let is_page = pages.contains(&last) && expected.body.is_none();
    let is_document = last == "openapi.json";
    if !is_page && !is_document {
        return Ok(());
    }
    let setting = policies.app.entry("openapi").or_insert_with(|| json!({}));
    let Some(setting) = setting.as_object_mut() else {
        return Ok(());
    };
    let place = if is_page { "docs" } else { "path" };
    setting.insert(place.to_owned(), json!(handler.route));
    if let Some(body) = expected.body.as_ref().filter(|_| is_document) {
        policies.version = described(setting, body)?;
    }
    Ok(())
}

/// Copies the metadata of an expected OpenAPI document to the setting `openapi` and returns
/// the version of the app.
fn described(setting: &mut Map<String, Value>, body: &Value) -> Result<Option<String>, String> {
    let mut version = None;
    let Some(mut document) = Members::of("the OpenAPI document", body)? else {
        return Ok(version);
    };
    for name in ["servers", "tags"] {
        if let Some(value) = document.take(&[name]) {
            setting.insert(name.to_owned(), value);
        }
    }
    document.take(&["openapi"]);
    if let Some(Value::Object(mut info)) = document.take(&["info"]) {
        for (name, setting_name) in [
            ("title", "title"),
            ("description", "description"),
            ("termsOfService", "terms_of_service"),
            ("contact", "contact"),
            ("license", "license"),
        ] {
            if let Some(value) = info.remove(name) {
                setting.insert(setting_name.to_owned(), value);
            }
        }
        let named = info.remove("version");
        version = named.and_then(|text| text.as_str().map(str::to_owned));
        if let Some(name) = info.keys().next() {
            return Err(format!("unknown member `{name}` of `info`"));
        }
    }
    // The fixture does not define the routes and components of the document: reject them.
    document.finish().map(|()| version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn implied(handler: Value, request: Value, expected: Value) -> Result<Policies, String> {
        let fixture: Fixture = serde_json::from_value(json!({
            "handler": handler, "request": request, "expected_response": expected
        }))
        .expect("a fixture");
        let mut policies = Policies::read(&fixture.handler.middleware)?;
        let (pattern, _) = Pattern::parse(&fixture.handler.route)?;
        let request = Outgoing::read(&fixture.request)?;
        add(&mut policies, &fixture, &pattern, &request)?;
        Ok(policies)
    }

    fn get() -> (Value, Value) {
        let handler = json!({"route": "/a", "method": "GET"});
        (
            handler,
            json!({"method": "GET", "path": "/a", "headers": {"Origin": "https://o"}}),
        )
    }

    #[test]
    fn policies_that_the_expectation_names() {
        let (handler, request) = get();
        let policies = implied(
            handler,
            request,
            json!({"status_code": 200, "headers": {
                "Access-Control-Allow-Origin": "https://o", "Access-Control-Allow-Methods": "GET, PUT",
                "Content-Encoding": "gzip", "X-Request-Id": "<<uuid>>"
            }}),
        );
        assert_eq!(
            Value::Object(policies.expect("policies").route),
            json!({
                "cors": {"origins": ["https://o"], "methods": ["GET", "PUT"]},
                "request_id": true,
                "compression": {"min_size": 0}
            })
        );
    }

    #[test]
    fn a_limit_that_only_the_message_names() {
        let (handler, request) = get();
        let body = json!({"message": "exceeds maximum allowed size of 1024 bytes"});
        let policies = implied(handler, request, json!({"status_code": 413, "body": body}));
        assert_eq!(policies.expect("policies").route["body_limit"], json!(1024));
    }

    #[test]
    fn a_deadline_that_only_the_status_names() {
        let (handler, request) = get();
        let policies = implied(handler, request, json!({"status_code": 408}));
        let route = policies.expect("policies").route;
        assert_eq!(
            Value::Object(route),
            json!({"timeout_ms": 300, "timeout_status": 408})
        );
    }

    #[test]
    fn a_header_that_no_standard_has() {
        let (handler, request) = get();
        let headers = json!({"Access-Control-Allow-Private-Network": "true"});
        let error = implied(
            handler,
            request,
            json!({"status_code": 204, "headers": headers}),
        );
        assert!(
            error
                .expect_err("an unknown header")
                .contains("private-network")
        );
    }

    #[test]
    fn a_last_slash() {
        let (handler, mut request) = get();
        request["path"] = json!("/a/");
        for (status, wanted) in [(200, json!("ignore")), (308, json!("redirect"))] {
            let policies = implied(
                handler.clone(),
                request.clone(),
                json!({"status_code": status}),
            );
            assert_eq!(policies.expect("policies").app["trailing_slash"], wanted);
        }
    }

    #[test]
    fn the_document_of_the_app() {
        let handler = json!({"route": "/openapi.json", "method": "GET"});
        let request = json!({"method": "GET", "path": "/openapi.json"});
        let with = |body: Value| {
            implied(
                handler.clone(),
                request.clone(),
                json!({"status_code": 200, "body": body}),
            )
        };
        let policies = with(json!({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}}));
        let policies = policies.expect("policies");
        assert_eq!(policies.version.as_deref(), Some("1"));
        let setting = &policies.app["openapi"];
        assert_eq!(*setting, json!({"path": "/openapi.json", "title": "T"}));
        let error = with(json!({"paths": {}})).expect_err("no routes");
        assert!(error.contains("`paths`"), "{error}");
    }
}
