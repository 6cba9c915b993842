//! The Responses Object of a route: its declared replies and the host's own errors.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::components::Components;
use super::errors::{self, HostError};
use super::object::parse_object;
use crate::reply::Status;
use crate::route_settings::RouteSettings;
use crate::{Problem, RouteDescription};

/// Builds the responses of a route. `id`: the prefix for the names of untitled schemas.
pub(super) fn responses(
    route: &RouteDescription,
    errors: &[HostError],
    settings: RouteSettings<'_>,
    id: &str,
    components: &mut Components,
) -> Result<Value, String> {
    let mut declared = BTreeMap::new();
    let mut extensions = Map::new();
    for (key, reply) in parse_object(&route.replies, "replies")? {
        if Status::parse_key(&key)?.is_none() {
            extensions.insert(key, reply);
            continue;
        }
        let reply = response(&key, reply, settings, id, components)?;
        declared.insert(key, reply);
    }
    if declared.is_empty() {
        let reply = response("default", json!({}), settings, id, components)?;
        declared.insert("default".to_owned(), reply);
    }
    for error in errors {
        components.errors.insert(*error);
        let status = error.status().to_string();
        let range = format!("{}XX", &status[..1]);
        let own = [status.as_str(), range.as_str(), "default"];
        let own = own.into_iter().find_map(|name| declared.get(name));
        let own = own.filter(|own| own.get("content").is_some());
        let reply = match own {
            Some(own) => merge_error(own, *error, components),
            None => json!({ "$ref": format!("#/components/responses/{}", error.component_name()) }),
        };
        declared.insert(status, reply);
    }
    // Digits sort before `default`.
    Ok(Value::Object(
        declared.into_iter().chain(extensions).collect(),
    ))
}

/// Completes a declared Response Object.
fn response(
    status: &str,
    declared: Value,
    settings: RouteSettings<'_>,
    id: &str,
    components: &mut Components,
) -> Result<Value, String> {
    let Value::Object(mut declared) = declared else {
        return Err(format!("its reply `{status}` is not a Response Object"));
    };
    let mut reply = Map::new();
    let words = declared.shift_remove("description");
    let words = words.and_then(|words| words.as_str().map(str::to_owned));
    let words = words.unwrap_or_else(|| description(status));
    reply.insert("description".to_owned(), words.into());
    let mut headers = match declared.shift_remove("headers") {
        Some(Value::Object(headers)) => headers,
        _ => Map::new(),
    };
    for (name, header) in &mut headers {
        if let Some(schema) = header.get_mut("schema") {
            *schema = components
                .schemas
                .add(schema, &format!("{id}_{status}_{name}"));
        }
    }
    let policy_headers = errors::policy_headers(settings);
    for (name, header) in errors::header_references(policy_headers, &mut components.headers) {
        headers.entry(name).or_insert(header);
    }
    if !headers.is_empty() {
        reply.insert("headers".to_owned(), Value::Object(headers));
    }
    if let Some(Value::Object(mut content)) = declared.shift_remove("content") {
        for media in content.values_mut() {
            if let Some(schema) = media.get_mut("schema") {
                *schema = components.schemas.add(schema, &format!("{id}_{status}"));
            }
        }
        reply.insert("content".to_owned(), Value::Object(content));
    }
    reply.extend(declared);
    Ok(Value::Object(reply))
}

/// Returns the description of a reply that declares none.
fn description(status: &str) -> String {
    let words = match status {
        "default" => "The reply of the handler.",
        "200" => "OK",
        "201" => "Created",
        "202" => "Accepted",
        "204" => "No Content",
        "404" => "Not Found",
        "409" => "Conflict",
        _ => return format!("A reply of status {status}."),
    };
    words.to_owned()
}

/// Merges a declared reply with the host's error of the same status.
fn merge_error(own: &Value, error: HostError, components: &mut Components) -> Value {
    let mut reply = own.clone();
    let host = error.response(&mut components.headers);
    if let Some(headers) = host.get("headers").and_then(Value::as_object) {
        let mut all = headers.clone();
        all.extend(
            own.get("headers")
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default(),
        );
        reply["headers"] = Value::Object(all);
    }
    let problem = error.schema().reference();
    let media = &mut reply["content"][Problem::CONTENT_TYPE];
    *media = match media.get("schema") {
        Some(schema) if *schema == problem => media.clone(),
        Some(schema) => json!({ "schema": { "anyOf": [schema, problem] } }),
        None => json!({ "schema": problem }),
    };
    reply
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Method;
    use crate::settings::Settings;

    #[test]
    fn an_error_that_the_app_declares_too_has_both_documents() {
        let mut route = RouteDescription::new(Method::Get, "/");
        let own = json!({"content": {"application/json": {"schema": {"type": "string"}},
            "application/problem+json": {"schema": {"type": "object"}}}});
        route.replies = json!({"2XX": {}, "4XX": own, "503": own}).to_string();
        let mut components = Components::default();
        let none = Settings::default();
        let settings = RouteSettings::new(&none, &none);
        let errors = [
            HostError::BadRequest,
            HostError::InternalServerError,
            HostError::ServiceUnavailable,
        ];
        let made = responses(&route, &errors, settings, "x", &mut components).unwrap();
        let names: Vec<_> = made.as_object().unwrap().keys().collect();
        assert_eq!(names, ["2XX", "400", "4XX", "500", "503"]);
        assert_eq!(
            made["2XX"],
            json!({"description": "A reply of status 2XX."})
        );
        assert_eq!(
            made["500"],
            json!({"$ref": "#/components/responses/InternalServerError"})
        );
        let problem = &made["400"]["content"]["application/problem+json"]["schema"];
        assert_eq!(problem["anyOf"][1]["$ref"], "#/components/schemas/Problem");
        assert_eq!(
            made["400"]["content"]["application/json"]["schema"]["type"],
            "string"
        );
        assert!(made["503"]["headers"].get("Retry-After").is_some());
    }

    #[test]
    fn invalid_statuses_are_rejected() {
        let mut route = RouteDescription::new(Method::Get, "/");
        for (status, good) in [
            ("200", true),
            ("5XX", true),
            ("default", true),
            ("20", false),
            ("600", false),
            ("ok", false),
            ("2xx", false),
            ("2éX", false),
            ("x-internal", true),
        ] {
            route.replies = json!({ status: {} }).to_string();
            let none = Settings::default();
            let settings = RouteSettings::new(&none, &none);
            let made = responses(&route, &[], settings, "x", &mut Components::default());
            assert_eq!(made.is_ok(), good, "{status}");
        }
    }

    #[test]
    fn extensions_are_kept_and_are_not_replies() {
        let mut route = RouteDescription::new(Method::Get, "/");
        route.replies = json!({"x-internal": 1}).to_string();
        let none = Settings::default();
        let settings = RouteSettings::new(&none, &none);
        let made = responses(&route, &[], settings, "x", &mut Components::default()).unwrap();
        assert_eq!(made["x-internal"], 1);
        assert!(made.get("default").is_some());
    }
}
