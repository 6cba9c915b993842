//! Reads parameters and bodies of a test as their declared types.

use serde_json::{Map, Value, json};

use super::TestRequest;
use super::host::{Bound, Part, Sent};
use crate::bindings::exports::spikard::handler::definition;
use crate::request::query_pairs;
use crate::{Body, HttpError, Reply, error};

/// The JSON object of the route's parameters, or the refusal of them.
pub(super) fn params(
    route: &definition::Route,
    bound: Bound,
    request: &TestRequest<'_>,
) -> Result<String, Reply> {
    let query = query_pairs(&request.query);
    let cookies = request.headers.iter().filter(|(name, _)| name == "cookie");
    let cookies = cookies.flat_map(|(_, value)| {
        value
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='))
    });
    let cookies: Vec<_> = cookies
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut params: Map<_, _> = bound
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let declared = if route.parameters.is_empty() {
        "[]"
    } else {
        &route.parameters
    };
    let declared: Vec<Value> =
        serde_json::from_str(declared).expect("an app declares its parameters in JSON");
    for parameter in &declared {
        let text = |member: &str| parameter[member].as_str().unwrap_or_default();
        let (name, source) = (text("name"), text("in"));
        let pairs = match source {
            "path" => &bound,
            "query" => &query,
            "header" => &request.headers,
            _ => &cookies,
        };
        let schema = &parameter["schema"];
        let key = parameter["key"].as_str().unwrap_or(name);
        if parameter["style"] == "deepObject"
            && let Some(object) = deep_object(pairs, name, schema)?
        {
            params.insert(key.to_owned(), object);
            continue;
        }
        let values = pairs
            .iter()
            .filter(|(have, _)| have == name)
            .map(|(_, value)| value.as_str());
        let values: Vec<_> = match separator(parameter).filter(|_| schema["type"] == "array") {
            Some(separator) => values
                .flat_map(|value| value.split(separator))
                .map(|value| json!(value.trim()))
                .collect(),
            None => values.map(Value::from).collect(),
        };
        if !values.is_empty() {
            params.insert(key.to_owned(), coerce(values, schema, &[source, name])?);
        } else if let Some(default) = schema.get("default") {
            params.insert(key.to_owned(), default.clone());
        } else if parameter["required"] == true {
            return Err(error::invalid(&[source, name], "Field required"));
        }
    }
    Ok(if params.is_empty() {
        String::new()
    } else {
        Value::Object(params).to_string()
    })
}

/// What stands between the items of an array in one value, where they do not
/// repeat the name.
fn separator(parameter: &Value) -> Option<char> {
    match (parameter["in"].as_str(), parameter["style"].as_str()) {
        (_, Some("spaceDelimited")) => Some(' '),
        (_, Some("pipeDelimited")) => Some('|'),
        (Some("query" | "cookie"), _) => (parameter["explode"] == false).then_some(','),
        _ => Some(','),
    }
}

/// Reads `name[member]=value` pairs.
fn deep_object(
    pairs: &[(String, String)],
    name: &str,
    schema: &Value,
) -> Result<Option<Value>, Reply> {
    let mut object = Map::new();
    for (have, value) in pairs {
        let member = have
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('['))
            .and_then(|rest| rest.strip_suffix(']'));
        if let Some(member) = member {
            let place = ["query", name, member];
            let value = coerce(vec![json!(value)], &schema["properties"][member], &place)?;
            object.insert(member.to_owned(), value);
        }
    }
    Ok((!object.is_empty()).then_some(Value::Object(object)))
}

/// Reads the values of one name as the type its schema declares.
fn coerce(mut values: Vec<Value>, schema: &Value, place: &[&str]) -> Result<Value, Reply> {
    if schema["type"] == "array" {
        let each = values
            .into_iter()
            .map(|value| coerce(vec![value], &schema["items"], place));
        return each.collect();
    }
    if values.len() > 1 && schema.get("type").is_none() {
        return Ok(Value::Array(values));
    }
    let value = values.pop().unwrap_or_default();
    let Some(text) = value.as_str() else {
        return Ok(value);
    };
    // Of several types the first counts that is not null.
    let ty = match &schema["type"] {
        Value::Array(types) => types.iter().find(|name| *name != "null"),
        one => Some(one),
    };
    let read = match ty.and_then(Value::as_str) {
        Some("integer") => text
            .parse::<i64>()
            .map(Value::from)
            .or_else(|_| text.parse::<u64>().map(Value::from))
            .ok(),
        Some("number") => text
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .map(Value::from),
        Some("boolean") => match text {
            "true" | "1" | "yes" | "on" => Some(Value::from(true)),
            "false" | "0" | "no" | "off" => Some(Value::from(false)),
            _ => None,
        },
        _ => Some(Value::from(text)),
    };
    read.ok_or_else(|| {
        error::invalid(
            place,
            &format!("`{text}` is not of type {}", schema["type"]),
        )
    })
}

/// The body as it crosses, or the refusal of it.
pub(super) fn body(route: &definition::Route, sent: &Sent) -> Result<Body, Reply> {
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let declared = parse(&route.body);
    let (essence, bytes) = match sent {
        Sent::Nothing if declared["required"] == true => {
            return Err(error::invalid(&["body"], "Field required"));
        }
        Sent::Nothing => return Ok(Body::Empty),
        Sent::Bytes(content_type, bytes) => (
            content_type.split(';').next().unwrap_or_default().trim(),
            bytes,
        ),
        Sent::Multipart(parts) => {
            let schema = schema_of(&declared, "multipart/form-data")?;
            return Ok(Body::Form(form(fields(parts), &schema)?));
        }
    };
    if parse(&route.settings)["raw_body"] == true {
        return Ok(Body::Bytes(bytes.clone()));
    }
    let schema = schema_of(&declared, essence)?;
    let text = || {
        String::from_utf8(bytes.clone()).map_err(|_| HttpError::new(400, "the body is not UTF-8"))
    };
    Ok(match essence {
        "application/x-www-form-urlencoded" => {
            let pairs = query_pairs(&text()?);
            Body::Form(form(
                pairs
                    .into_iter()
                    .map(|(name, value)| (name, json!(value)))
                    .collect(),
                &schema,
            )?)
        }
        json if json == "application/json" || json.ends_with("+json") => {
            let text = text()?;
            if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&text) {
                return Err(HttpError::new(400, format!("the body is not JSON: {error}")).into());
            }
            Body::Json(text)
        }
        name if name.starts_with("text/") => Body::Text(text()?),
        _ => Body::Bytes(bytes.clone()),
    })
}

fn schema_of(declared: &Value, essence: &str) -> Result<Value, Reply> {
    match declared["content"].as_object() {
        None => Ok(Value::Null),
        Some(content) => match content.get(essence) {
            Some(media) => Ok(media["schema"].clone()),
            None => Err(HttpError::new(415, format!("the route does not take `{essence}`")).into()),
        },
    }
}

/// A multipart body's fields, as the WIT has them.
fn fields(parts: &[Part]) -> Vec<(String, Value)> {
    let fields = parts.iter().enumerate().map(|(index, part)| {
        let value = match &part.file {
            Some((filename, content_type)) => json!({
                "part": index, "filename": filename, "content_type": content_type, "size": part.bytes.len(),
            }),
            None => json!(String::from_utf8_lossy(&part.bytes)),
        };
        (part.field.clone(), value)
    });
    fields.collect()
}

fn form(fields: Vec<(String, Value)>, schema: &Value) -> Result<String, Reply> {
    let mut grouped: Vec<(String, Vec<Value>)> = Vec::new();
    for (name, value) in fields {
        match grouped.iter_mut().find(|(have, _)| *have == name) {
            Some((_, values)) => values.push(value),
            None => grouped.push((name, vec![value])),
        }
    }
    let mut object = Map::new();
    for (name, values) in grouped {
        let value = coerce(values, &schema["properties"][&name], &["body", &name])?;
        object.insert(name, value);
    }
    Ok(Value::Object(object).to_string())
}
