//! Translates a fixture's parameters and body to OpenAPI 3.1 declarations.

use serde_json::{Map, Value, json};

use super::fixture::{Handler, Parameters};
use super::path::Pattern;
use super::request::Outgoing;
use super::schema;

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";
const JSON: &str = "application/json";

/// Returns the Parameter Objects of a fixture.
///
/// # Errors
/// Fails if OpenAPI has no style for a separator, or the route lacks a path parameter.
pub(crate) fn parameters(
    declared: &Parameters,
    pattern: &Pattern,
    named: &Map<String, Value>,
) -> Result<Vec<Value>, String> {
    let mut objects = Vec::new();
    for (name, schema) in named {
        objects.push(json!({"name": name, "in": "path", "required": true, "schema": schema}));
    }
    let places = [
        ("path", &declared.path),
        ("query", &declared.query),
        ("header", &declared.headers),
        ("cookie", &declared.cookies),
    ];
    for (place, parameters) in places {
        for (name, marked) in parameters {
            let known = pattern.names().any(|other| other == name);
            if place == "path" && !known {
                return Err(format!("the route has no parameter `{name}`"));
            }
            if place == "path" && named.contains_key(name) {
                continue;
            }
            objects.push(parameter(place, name, marked)?);
        }
    }
    Ok(objects)
}

fn parameter(place: &str, name: &str, marked: &Value) -> Result<Value, String> {
    let marked = schema::parameter(marked);
    let mut object = json!({
        "name": name,
        "in": place,
        "required": marked.required || place == "path",
        "schema": marked.schema,
    });
    let style = match (place, marked.separator.as_deref()) {
        (_, None) if place == "query" && marked.schema["type"] == "object" => {
            Some(("deepObject", true))
        }
        (_, None) | ("header" | "path", Some(",")) => None,
        ("query" | "cookie", Some(",")) => Some(("form", false)),
        ("query", Some("|")) => Some(("pipeDelimited", false)),
        ("query", Some(" ")) => Some(("spaceDelimited", false)),
        (_, Some(other)) => {
            return Err(format!(
                "OpenAPI 3.1 has no parameter style that separates items with `{other}`"
            ));
        }
    };
    if let Some((style, explode)) = style {
        object["style"] = json!(style);
        object["explode"] = json!(explode);
    }
    Ok(object)
}

/// Returns the Request Body Object of a fixture, or `None` if it declares no body.
///
/// If the fixture does not name the media type of the schema, files imply
/// `multipart/form-data`. Otherwise the media type is that of the request, or
/// `application/json` if the fixture expects 415 or the request names no other type.
///
/// # Errors
/// Fails if the declaration of a file has no equivalent in OpenAPI.
pub(crate) fn body(
    handler: &Handler,
    request: &Outgoing,
    status: u16,
) -> Result<Option<Value>, String> {
    let files = &handler.parameters.files;
    let declared = handler.body_schema.as_ref();
    let declared = declared.or(handler.parameters.body.as_ref());
    if declared.is_none() && files.is_empty() {
        return Ok(None);
    }
    let named = handler.parameters.body.as_ref().map(|body| &body["type"]);
    let named = named
        .and_then(Value::as_str)
        .filter(|name| name.contains('/'));
    let sent = request.media_type();
    let media_type = match (named, sent.as_deref()) {
        (Some(name), _) => name,
        _ if !files.is_empty() => MULTIPART,
        (None, Some(sent @ (FORM | MULTIPART))) if status != 415 => sent,
        (None, Some(sent)) if status != 415 && !is_json(sent) => sent,
        _ => JSON,
    };
    let mut schema = declared
        .cloned()
        .unwrap_or_else(|| json!({"type": "object"}));
    if media_type == MULTIPART {
        schema = schema::form(&schema);
    }
    let mut encoding = Map::new();
    for (name, marked) in files {
        file(&mut schema, &mut encoding, name, marked)?;
    }
    let mut content = json!({"schema": schema});
    if !encoding.is_empty() {
        content["encoding"] = Value::Object(encoding);
    }
    Ok(Some(
        json!({"required": true, "content": {media_type: content}}),
    ))
}

fn is_json(media_type: &str) -> bool {
    media_type == JSON || media_type.ends_with("+json")
}

fn file(
    schema: &mut Value,
    encoding: &mut Map<String, Value>,
    name: &str,
    marked: &Value,
) -> Result<(), String> {
    let mut members = super::members::Members::of("files", marked)?
        .ok_or_else(|| format!("unknown file `{name}`"))?;
    let required = members.flag(&["required"])? == Some(true);
    if members.flag(&["optional"])? == Some(true) && required {
        return Err(format!("the file `{name}` is both optional and required"));
    }
    if let Some(types) = members.list(&["content_type", "content_types"]) {
        let types: Vec<_> = types.iter().filter_map(Value::as_str).collect();
        encoding.insert(name.to_owned(), json!({"contentType": types.join(", ")}));
    }
    if members.flag(&["validate_magic_numbers"])? == Some(true) {
        return Err(format!(
            "OpenAPI 3.1 cannot declare the magic bytes of the file `{name}`"
        ));
    }
    let mut rules = Map::new();
    for (keyword, names) in [("minimum", ["min_size"]), ("maximum", ["max_size"])] {
        if let Some(size) = members.number(&names)? {
            rules.insert(keyword.to_owned(), json!(size));
        }
    }
    members.finish()?;
    let property = match rules.is_empty() {
        true => json!({}),
        // The host validates a file as an object with the member `size`.
        false => json!({"properties": {"size": rules}}),
    };
    let Some(schema) = schema.as_object_mut() else {
        return Err("the schema of a form is not an object".to_owned());
    };
    let properties = schema.entry("properties").or_insert_with(|| json!({}));
    properties[name] = property;
    let list = schema.entry("required").or_insert_with(|| json!([]));
    if let (Some(list), true) = (list.as_array_mut(), required)
        && !list.contains(&json!(name))
    {
        list.push(json!(name));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handler(handler: Value) -> Handler {
        serde_json::from_value(handler).expect("a handler")
    }

    fn sent(content_type: Option<&str>) -> Outgoing {
        let header = content_type.map(|value| ("content-type".to_owned(), value.to_owned()));
        Outgoing {
            headers: header.into_iter().collect(),
            ..Outgoing::default()
        }
    }

    #[test]
    fn parameters_are_parameter_objects() {
        let handler = handler(json!({
            "route": "/{id:int}/{b}", "method": "GET", "parameters": {
                "path": {"b": {"type": "string", "optional": true}},
                "query": {
                    "q": {"type": "array", "separator": ","},
                    "o": {"type": "object", "optional": true}
                },
                "headers": {"X": {"type": "string", "annotation": "str"}}
            }
        }));
        let (pattern, named) = Pattern::parse(&handler.route).expect("a pattern");
        let objects = parameters(&handler.parameters, &pattern, &named).expect("parameters");
        assert_eq!(
            Value::Array(objects),
            json!([
                {"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}},
                {"name": "b", "in": "path", "required": true, "schema": {"type": "string"}},
                {"name": "q", "in": "query", "required": true, "schema": {"type": "array"},
                 "style": "form", "explode": false},
                {"name": "o", "in": "query", "required": false, "schema": {"type": "object"},
                 "style": "deepObject", "explode": true},
                {"name": "X", "in": "header", "required": true, "schema": {"type": "string"}}
            ])
        );
    }

    #[test]
    fn what_openapi_has_no_words_for_is_named() {
        let read = |parameters: Value| {
            let handler =
                handler(json!({"route": "/a", "method": "GET", "parameters": parameters}));
            let (pattern, named) = Pattern::parse(&handler.route).expect("a pattern");
            parameters_of(&handler, &pattern, &named)
        };
        fn parameters_of(
            handler: &Handler,
            pattern: &Pattern,
            named: &Map<String, Value>,
        ) -> String {
            parameters(&handler.parameters, pattern, named).expect_err("a refusal")
        }
        let error = read(json!({"query": {"a": {"type": "array", "separator": ";"}}}));
        assert!(error.contains("`;`"), "{error}");
        let error = read(json!({"path": {"a": {"type": "string"}}}));
        assert!(error.contains("`a`"), "{error}");
    }

    #[test]
    fn the_request_says_what_the_schema_is_of() {
        let handler = handler(json!({
            "route": "/", "method": "POST", "body_schema": {"type": "string"}
        }));
        for (content_type, status, expected) in [
            (None, 200, JSON),
            (Some("application/vnd.api+json"), 200, JSON),
            (Some("multipart/form-data; boundary=x"), 200, MULTIPART),
            (Some(FORM), 422, FORM),
            (Some(FORM), 415, JSON),
            (Some("application/xml"), 415, JSON),
            (Some("text/plain; charset=utf-8"), 200, "text/plain"),
        ] {
            let body = body(&handler, &sent(content_type), status).expect("a body");
            let body = body.expect("a declaration");
            assert_eq!(body["required"], true);
            assert!(
                body["content"][expected].is_object(),
                "{content_type:?}: {body}"
            );
        }
    }

    #[test]
    fn files_are_properties() {
        let handler = handler(
            json!({"route": "/", "method": "POST", "parameters": {"files": {
                "f": {"required": true, "content_type": ["image/png", "image/gif"], "max_size": 9},
                "g": {}
            }}}),
        );
        let body = body(&handler, &sent(None), 422)
            .expect("a body")
            .expect("a declaration");
        assert_eq!(
            body["content"][MULTIPART],
            json!({
                "schema": {
                    "type": "object",
                    "properties": {"f": {"properties": {"size": {"maximum": 9}}}, "g": {}},
                    "required": ["f"]
                },
                "encoding": {"f": {"contentType": "image/png, image/gif"}}
            })
        );
        assert_eq!(
            super::body(
                &super::tests::handler(json!({"route": "/", "method": "GET"})),
                &sent(None),
                200
            ),
            Ok(None)
        );
    }
}
