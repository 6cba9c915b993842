//! Source of the expected reply: the handler, a hook or the host.

use super::fixture::Fixture;
use super::path::Pattern;
use super::policies::Policies;
use super::request::Outgoing;

/// Prefix of the types of the host's problem documents.
const TYPES: &str = "https://spikard.dev/errors/";

/// The component that must write the expected reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Author {
    /// The handler: the guest gets the reply.
    Handler,
    /// A hook of this kind: the guest gets the reply.
    Hook(&'static str),
    /// The host: the guest does not get the reply.
    Host,
}

/// Determines the component that must write the expected reply. An error that a declaration
/// can cause must come from the host; an error that no declaration explains comes from the
/// handler.
///
/// # Errors
/// Fails if only the host can send the expected error, but the fixture declares no cause.
pub(crate) fn of(
    fixture: &Fixture,
    policies: &Policies,
    pattern: &Pattern,
    request: &Outgoing,
) -> Result<Author, String> {
    let status = fixture.expected_response.status_code;
    let before = ["on-request", "pre-validation", "pre-handler"];
    let hook = policies.hooks.iter().find(|kind| before.contains(kind));
    let fits = pattern.matches(request.path());
    let same_method = request.method.eq_ignore_ascii_case(&fixture.handler.method)
        || (request.method == "HEAD" && fixture.handler.method.eq_ignore_ascii_case("GET"));
    let nothing = |cause: &str| {
        Err(format!(
            "it expects {status} but declares {cause} that can cause it"
        ))
    };
    if !policies.folders.is_empty()
        || policies.has("openapi")
        || is_preflight(request) && policies.has("cors")
    {
        return Ok(Author::Host);
    }
    if !same_method || !fits && status >= 300 {
        return Ok(Author::Host);
    }
    Ok(match status {
        ..400 => Author::Handler,
        _ if is_apps_own(fixture) => Author::Handler,
        401 | 403 if policies.has("jwt") || policies.has("api_key") => Author::Host,
        403 if policies.has("cors") => Author::Host,
        429 if policies.has("rate_limit") => Author::Host,
        401..=404 | 409 | 410 | 423 | 429 | 503 if hook.is_some() => {
            Author::Hook(hook.copied().unwrap_or_default())
        }
        403 if request.header("origin").is_some() => return nothing("no CORS policy"),
        405 => return nothing("no other method"),
        429 => return nothing("no rate limit"),
        422 if !has_contract(fixture) => return nothing("no schema"),
        400 if !can_be_malformed(request) => Author::Handler,
        400 | 408 | 411 | 413 | 414 | 415 | 417 | 422 | 431 | 505 => Author::Host,
        504 if policies.has("timeout_ms") => Author::Host,
        500 if is_hosts_own(fixture) => Author::Host,
        500.. if policies.hooks.contains(&"on-error") => Author::Hook("on-error"),
        _ => Author::Handler,
    })
}

/// Returns true if a request is a CORS preflight (Fetch standard).
pub(crate) fn is_preflight(request: &Outgoing) -> bool {
    request.method == "OPTIONS"
        && request.header("origin").is_some()
        && request.header("access-control-request-method").is_some()
}

fn has_contract(fixture: &Fixture) -> bool {
    let parameters = &fixture.handler.parameters;
    let declared = [
        &parameters.path,
        &parameters.query,
        &parameters.headers,
        &parameters.cookies,
        &parameters.files,
    ];
    fixture.handler.body_schema.is_some()
        || parameters.body.is_some()
        || fixture.handler.route.contains(':')
        || declared.iter().any(|names| !names.is_empty())
}

/// Returns true if a request has a part that can be malformed: framing, a percent escape or a
/// body.
fn can_be_malformed(request: &Outgoing) -> bool {
    let framing = [
        "content-type",
        "content-length",
        "transfer-encoding",
        "host",
    ];
    request.body.is_some()
        || request.target.contains('%')
        || framing.iter().any(|name| request.header(name).is_some())
}

/// Returns true if the expected body is a problem document (RFC 9457) whose type is not one
/// of the host's.
fn is_apps_own(fixture: &Fixture) -> bool {
    let body = fixture.expected_response.body.as_ref();
    let kind = body.and_then(|body| body["type"].as_str());
    kind.is_some_and(|kind| kind.contains(':') && !kind.starts_with(TYPES))
}

/// Returns true if the expected body is the host's problem document for a failed handler.
pub(crate) fn is_hosts_own(fixture: &Fixture) -> bool {
    let body = fixture.expected_response.body.as_ref();
    let kind = body.and_then(|body| body["type"].as_str());
    kind.is_some_and(|kind| kind.ends_with("/internal-server-error"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn author(handler: Value, request: Value, status: u16) -> Result<Author, String> {
        let fixture: Fixture = serde_json::from_value(json!({
            "handler": handler, "request": request, "expected_response": {"status_code": status}
        }))
        .expect("a fixture");
        let policies = Policies::read(&fixture.handler.middleware).expect("policies");
        let (pattern, _) = Pattern::parse(&fixture.handler.route).expect("a pattern");
        let request = Outgoing::read(&fixture.request).expect("a request");
        of(&fixture, &policies, &pattern, &request)
    }

    fn plain(status: u16) -> Result<Author, String> {
        let get = json!({"route": "/a", "method": "GET"});
        author(get, json!({"method": "GET", "path": "/a"}), status)
    }

    #[test]
    fn a_success_is_the_handlers() {
        for status in [200, 204, 304, 404, 409, 418, 500, 503] {
            assert_eq!(plain(status), Ok(Author::Handler), "{status}");
        }
    }

    #[test]
    fn a_refusal_that_a_declaration_causes_is_the_hosts() {
        let get = json!({"method": "GET", "path": "/a"});
        for (handler, status) in [
            (json!({"middleware": {"jwt_auth": {"secret": "s"}}}), 401),
            (
                json!({"middleware": {"api_key_auth": {"keys": ["k"]}}}),
                403,
            ),
            (
                json!({"middleware": {"rate_limit": {"per_second": 1}}}),
                429,
            ),
            (
                json!({"middleware": {"request_timeout": {"seconds": 1}}}),
                408,
            ),
            (
                json!({"parameters": {"query": {"q": {"type": "string"}}}}),
                422,
            ),
            (json!({"route": "/b"}), 404),
            (json!({"method": "POST"}), 405),
        ] {
            let mut whole = json!({"route": "/a", "method": "GET"});
            for (name, value) in handler.as_object().expect("an object") {
                whole[name] = value.clone();
            }
            assert_eq!(
                author(whole, get.clone(), status),
                Ok(Author::Host),
                "{handler}"
            );
        }
        let post = json!({"method": "POST", "path": "/a", "body": "{"});
        let handler = json!({"route": "/a", "method": "POST"});
        assert_eq!(author(handler, post, 400), Ok(Author::Host));
    }

    #[test]
    fn a_refusal_without_a_cause_is_nobodys() {
        for status in [405, 422, 429] {
            let error = plain(status).expect_err("no cause");
            assert!(error.contains(&status.to_string()), "{error}");
        }
    }

    #[test]
    fn a_problem_of_another_type_is_the_apps() {
        let handler = json!({"route": "/a", "method": "POST", "body_schema": {}});
        let request = json!({"method": "POST", "path": "/a", "body": {}});
        for (kind, wanted) in [
            ("https://a.example/problems/b", Author::Handler),
            ("about:blank", Author::Handler),
            ("https://spikard.dev/errors/bad-request", Author::Host),
        ] {
            let fixture: Fixture = serde_json::from_value(json!({
                "handler": handler, "request": request,
                "expected_response": {"status_code": 400, "body": {"type": kind}}
            }))
            .expect("a fixture");
            let (pattern, _) = Pattern::parse("/a").expect("a pattern");
            let request = Outgoing::read(&fixture.request).expect("a request");
            let author = of(&fixture, &Policies::default(), &pattern, &request);
            assert_eq!(author, Ok(wanted), "{kind}");
        }
    }

    #[test]
    fn a_hook_may_end_a_request() {
        let hooks = |kind: &str| {
            json!({
                "route": "/a", "method": "GET", "middleware": {"lifecycle_hooks": {kind: [{"name": "h"}]}}
            })
        };
        let get = json!({"method": "GET", "path": "/a"});
        assert_eq!(
            author(hooks("pre_handler"), get.clone(), 403),
            Ok(Author::Hook("pre-handler"))
        );
        assert_eq!(
            author(hooks("on_error"), get.clone(), 500),
            Ok(Author::Hook("on-error"))
        );
        assert_eq!(author(hooks("on_response"), get, 200), Ok(Author::Handler));
    }
}
