//! The host's part in a test: it finds the route, reads parameters and bodies as
//! their declared types, and calls the app.

use serde_json::{Map, Value, json};

use super::{TestClient, TestReply, TestRequest};
use crate::bindings::exports::spikard::handler::definition;
use crate::host::fake::{self, Fake};
use crate::request::{decode, query_pairs};
use crate::route::{Method, method_name};
use crate::{Body, HttpError, Reply, error};

/// A body as a client sends it.
#[derive(Clone, Debug)]
pub(super) enum Sent {
    Nothing,
    Bytes(String, Vec<u8>),
    Multipart(Vec<Part>),
}

/// A part of a multipart body; `file` is a file's name and content type.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) field: String,
    pub(super) file: Option<(String, String)>,
    pub(super) bytes: Vec<u8>,
}

/// Answers a request as the host would.
pub(super) fn answer(client: &TestClient, request: &TestRequest<'_>) -> TestReply {
    let prepared = find(client, request).and_then(|(index, bound)| {
        let route = &client.description().routes[index];
        Ok((
            index,
            params(route, bound, request)?,
            body(route, &request.body)?,
        ))
    });
    let (index, params, body) = match prepared {
        Ok(prepared) => prepared,
        Err(refusal) => {
            let refusal = refusal.finish(None).expect("a refusal is a reply");
            return TestReply::new(refusal, None);
        }
    };
    let (reply, failure) = fake::during(fake(request), || client.handle(index, &params, body));
    TestReply::new(reply, failure)
}

/// Adds `name=value` to a query or a form.
pub(super) fn append_pair(text: &mut String, name: &str, value: &str) {
    if !text.is_empty() {
        text.push('&');
    }
    encode(text, name);
    text.push('=');
    encode(text, value);
}

fn encode(text: &mut String, plain: &str) {
    for byte in plain.bytes() {
        match byte {
            b' ' => text.push('+'),
            b if b.is_ascii_alphanumeric() || b"*-._".contains(&b) => text.push(char::from(b)),
            b => text.push_str(&format!("%{b:02X}")),
        }
    }
}

type Bound = Vec<(String, String)>;

/// The route's index, and what its path binds.
fn find(client: &TestClient, request: &TestRequest<'_>) -> Result<(usize, Bound), Reply> {
    let routes = client.description().routes.iter().enumerate();
    let matches = routes.filter_map(|(index, route)| {
        let (rank, bound) = bind(&route.path, &request.path)?;
        Some((rank, index, route.method, bound))
    });
    let mut matches: Vec<_> = matches.collect();
    matches.sort_by(|one, other| one.0.cmp(&other.0));
    let Some((rank, ..)) = matches.first() else {
        return Err(HttpError::new(404, format!("no route matches `{}`", request.path)).into());
    };
    let rank = rank.clone();
    matches.retain(|found| found.0 == rank);
    let wanted = |method: Method| matches.iter().find(|found| found.2 == method);
    let fallback = || wanted(Method::Get).filter(|_| request.method == Method::Head);
    match wanted(request.method).or_else(fallback) {
        Some((_, index, _, bound)) => Ok((*index, bound.clone())),
        None => {
            let detail = format!(
                "`{}` does not answer {}",
                request.path,
                method_name(request.method)
            );
            Err(HttpError::new(405, detail).into())
        }
    }
}

/// Binds a path to a pattern. The rank of a match is smaller the more literal it is.
fn bind(pattern: &str, path: &str) -> Option<(Vec<u8>, Bound)> {
    let (mut rank, mut bound) = (Vec::new(), Vec::new());
    let mut rest = path;
    let mut segments = pattern.split('/').peekable();
    while let Some(segment) = segments.next() {
        let (value, after) = rest.split_once('/').unwrap_or((rest, ""));
        let name = segment
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'));
        match name.map(|name| (name.strip_prefix('*'), name)) {
            Some((Some(name), _)) if !rest.is_empty() => {
                rank.push(2);
                bound.push((name.to_owned(), decode(rest, false)));
                return Some((rank, bound));
            }
            Some((None, name)) if !value.is_empty() => {
                rank.push(1);
                bound.push((name.to_owned(), decode(value, false)));
            }
            None if segment == value => rank.push(0),
            _ => return None,
        }
        // A path ends where its pattern does.
        if segments.peek().is_some() != (value.len() < rest.len()) {
            return None;
        }
        rest = after;
    }
    Some((rank, bound))
}

fn params(
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
        let values: Vec<_> = pairs
            .iter()
            .filter(|(have, _)| have == name)
            .map(|(_, value)| json!(value))
            .collect();
        let schema = &parameter["schema"];
        let key = parameter["key"].as_str().unwrap_or(name);
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
    let read = match schema["type"].as_str() {
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

fn body(route: &definition::Route, sent: &Sent) -> Result<Body, Reply> {
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

/// What the app sees of the request through its imports.
fn fake(request: &TestRequest<'_>) -> Fake {
    let mut headers: Vec<_> = request
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.clone().into_bytes()))
        .collect();
    let (content_type, raw_body, files) = match &request.body {
        Sent::Nothing => (None, Vec::new(), Vec::new()),
        Sent::Bytes(content_type, bytes) => {
            (Some(content_type.as_str()), bytes.clone(), Vec::new())
        }
        Sent::Multipart(parts) => {
            let files = parts.iter().map(|part| part.bytes.clone()).collect();
            (
                Some("multipart/form-data; boundary=boundary"),
                multipart(parts),
                files,
            )
        }
    };
    if let Some(content_type) = content_type {
        headers.push(("content-type".to_owned(), content_type.as_bytes().to_vec()));
    }
    Fake {
        method: method_name(request.method).to_owned(),
        path: request.path.clone(),
        query: request.query.clone(),
        headers,
        peer: "127.0.0.1:50000".to_owned(),
        id: "test".to_owned(),
        raw_body,
        files,
        failure: None,
    }
}

fn multipart(parts: &[Part]) -> Vec<u8> {
    let mut raw = Vec::new();
    for part in parts {
        let field = &part.field;
        let head = match &part.file {
            Some((filename, content_type)) => format!(
                "--boundary\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"{filename}\"\r\ncontent-type: {content_type}\r\n\r\n"
            ),
            None => {
                format!("--boundary\r\ncontent-disposition: form-data; name=\"{field}\"\r\n\r\n")
            }
        };
        raw.extend(head.into_bytes());
        raw.extend(&part.bytes);
        raw.extend(b"\r\n");
    }
    raw.extend(b"--boundary--\r\n");
    raw
}
