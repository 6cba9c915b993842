//! Parses Parameter Objects (OpenAPI 3.1, section 4.8.12), and rejects unsupported
//! members by name.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::coercion_schema::{CoercionSchema, ROOT};
use crate::location::Location;
use crate::media_object::MediaObject;
use crate::media_type::MediaType;
use crate::parameter::{Parameter, ParameterSpec};
use crate::style::Style;

/// A Parameter Object.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ParameterObject {
    name: String,
    r#in: Location,
    required: Option<bool>,
    schema: Option<Value>,
    content: Option<Map<String, Value>>,
    key: Option<String>,
    style: Option<Style>,
    explode: Option<bool>,
    #[serde(rename = "allowEmptyValue", default)]
    allow_empty_value: bool,
    // This affects only how a client encodes the value; the host accepts both encodings.
    #[serde(rename = "allowReserved")]
    _allow_reserved: Option<bool>,
    // Documentation only.
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(rename = "deprecated")]
    _deprecated: Option<bool>,
    #[serde(rename = "example")]
    _example: Option<Value>,
    #[serde(rename = "examples")]
    _examples: Option<Value>,
}

/// Parses a JSON array of Parameter Objects. An empty text declares none.
pub(crate) fn parse_all(text: &str) -> Result<Vec<Parameter>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let declared: Vec<ParameterObject> = serde_json::from_str(text)
        .map_err(|error| format!("its parameters are not Parameter Objects: {error}"))?;
    declared.into_iter().map(from_object).collect()
}

/// Creates a path parameter that the route does not declare, with the schema from the
/// path pattern.
pub(crate) fn implicit_path_parameter(name: &str, schema: Value) -> Result<Parameter, String> {
    Parameter::new(ParameterSpec {
        name: name.to_owned(),
        key: None,
        location: Location::Path,
        required: true,
        style: Style::Simple,
        explode: false,
        is_json: false,
        schema,
    })
}

fn from_object(declared: ParameterObject) -> Result<Parameter, String> {
    let name = declared.name;
    let location = declared.r#in;
    if declared.allow_empty_value {
        return Err(format!(
            "parameter `{name}` has `allowEmptyValue`, which is not supported; remove it and allow an empty string in the schema"
        ));
    }
    let style = declared.style.unwrap_or(Style::default_of(location));
    if !style.is_defined_for(location) {
        return Err(format!(
            "parameter `{name}` has a `style` that OpenAPI does not define for its location; a query has `form`, `spaceDelimited`, `pipeDelimited` and `deepObject`, a path `simple`, `label` and `matrix`, a header `simple`, a cookie `form`"
        ));
    }
    let explode = declared.explode;
    let (schema, is_json) = match (declared.schema, declared.content) {
        (Some(_), Some(_)) => {
            return Err(format!(
                "parameter `{name}` has both `schema` and `content`; remove one"
            ));
        }
        (None, Some(content)) => {
            if declared.style.is_some() || explode.is_some() {
                return Err(format!(
                    "parameter `{name}` has `content`, which excludes `style` and `explode`; remove them"
                ));
            }
            (content_schema(&name, content)?, true)
        }
        (schema, None) => (schema.unwrap_or(Value::Bool(true)), false),
    };
    if !is_json {
        check_style(&name, location, style, explode, &schema)?;
    }
    Parameter::new(ParameterSpec {
        name,
        key: declared.key,
        location,
        required: declared.required.unwrap_or(location == Location::Path),
        style,
        explode: explode.unwrap_or(matches!(style, Style::Form | Style::DeepObject)),
        is_json,
        schema,
    })
}

fn content_schema(name: &str, content: Map<String, Value>) -> Result<Value, String> {
    let wrong = || {
        format!(
            "the `content` of parameter `{name}` must have one member, `application/json` or another JSON type; use `schema` for anything else"
        )
    };
    let mut content = content.into_iter();
    let (Some((media, value)), None) = (content.next(), content.next()) else {
        return Err(wrong());
    };
    if !MediaType::parse(&media).is_some_and(|media| media.is_json()) {
        return Err(wrong());
    }
    let content = MediaObject::parse(value).map_err(|error| {
        format!("the `content` of parameter `{name}` is not a Media Type Object: {error}")
    })?;
    if !content.encoding.is_empty() {
        return Err(format!(
            "the `content` of parameter `{name}` has `encoding`, which applies only to `{}`; remove it",
            MediaType::MULTIPART
        ));
    }
    Ok(content.schema.unwrap_or(Value::Bool(true)))
}

/// Rejects a schema that the style cannot represent, so that the error appears at load
/// time instead of at the first request.
fn check_style(
    name: &str,
    location: Location,
    style: Style,
    explode: Option<bool>,
    schema: &Value,
) -> Result<(), String> {
    let coercion = CoercionSchema::of(schema);
    let is_array = coercion.item(ROOT).is_some();
    let is_object = coercion.is_object(ROOT);
    match style {
        Style::DeepObject if !is_object || is_array => Err(format!(
            "parameter `{name}` has the style `deepObject`, so its schema must have the type `object`; change one of them"
        )),
        Style::DeepObject if explode == Some(false) => Err(format!(
            "parameter `{name}` has the style `deepObject`, which OpenAPI defines only with `explode`; remove `\"explode\": false`"
        )),
        Style::SpaceDelimited | Style::PipeDelimited if explode == Some(true) => Err(format!(
            "parameter `{name}` has a delimited style, which OpenAPI defines only without `explode`; remove `\"explode\": true`"
        )),
        Style::SpaceDelimited | Style::PipeDelimited if !is_array && !is_object => Err(format!(
            "parameter `{name}` has a delimited style, so its schema must have the type `array` or `object`; change one of them"
        )),
        Style::Form
            if is_object
                && !is_array
                && explode != Some(false)
                && coercion.member_names(ROOT).next().is_none() =>
        {
            let deep = match location {
                Location::Query => ", or use the style `deepObject`",
                _ => "",
            };
            Err(format!(
                "parameter `{name}` is an exploded object, so its schema must list its members; give it `properties`{deep}, or use `content` with `application/json` for a JSON text"
            ))
        }
        _ => Ok(()),
    }
}
