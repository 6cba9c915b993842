//! Requests that are ready to send, and the checks of their replies.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use fastrand::Rng;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::Value;

use crate::defs::{Check, Request, Workload};
use crate::shape::Shape;
use crate::table;
use crate::template::{Context, Template, Values, records};

const BOUNDARY: &str = "spikard-bench-8f3c1d9a7e5b";

/// A request and the expected reply.
#[derive(Debug, Clone)]
pub struct Shot {
    /// The method.
    pub method: Method,
    /// The path and query.
    pub uri: Uri,
    /// All headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    statuses: Vec<u16>,
    reply_headers: BTreeMap<String, String>,
    expected: Expected,
}

#[derive(Debug, Clone)]
enum Expected {
    Json(Value),
    Shape(Shape),
    Text(String),
    Table(Vec<Vec<String>>),
    Something,
}

impl Shot {
    /// Creates a request of a workload with new random values.
    pub fn new(workload: &Workload, host: &str, rng: &mut Rng) -> Result<Self> {
        let (Some(request), Some(reply)) = (&workload.request, &workload.reply) else {
            anyhow::bail!("the workload `{}` is a mix: send its parts", workload.name);
        };
        let values = Values::draw(&workload.values, rng)?;
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_str(host)?);
        for (name, value) in &request.headers {
            let value = Template(value).fill(&values, Context::Plain);
            headers.insert(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
        }
        let body = body(request, &values, &mut headers, rng);
        if !body.is_empty() {
            headers.insert(CONTENT_LENGTH, body.len().into());
        }
        let expected = match &reply.body {
            Check::Echo(_) => Expected::Json(
                serde_json::from_slice(&body).context("the body to echo is not JSON")?,
            ),
            Check::Json(text) => {
                let text = Template(text).fill(&values, Context::Json);
                let value = serde_json::from_str(&text);
                Expected::Json(
                    value.with_context(|| format!("the template of the reply gives `{text}`"))?,
                )
            }
            Check::Shape(text) => Expected::Shape(Shape::parse(text)?),
            Check::List(list) => {
                let length = Template(&list.length).fill(&values, Context::Plain);
                let length = length.parse();
                let length = length.with_context(|| format!("the length `{}`", list.length))?;
                Expected::Shape(Shape::List(length, Shape::parse(&list.shape)?.into()))
            }
            Check::Table(rows) => Expected::Table(rows.clone()),
            Check::Text(text) => Expected::Text(Template(text).fill(&values, Context::Plain)),
            Check::Some(_) => Expected::Something,
        };
        let uri = Template(&request.path).fill(&values, Context::Url);
        Ok(Self {
            method: Method::from_bytes(request.method.as_bytes())?,
            uri: uri.parse().with_context(|| format!("the path `{uri}`"))?,
            headers,
            body,
            statuses: reply.status.clone(),
            reply_headers: reply.headers.clone(),
            expected,
        })
    }

    /// Creates a plain `GET` that accepts any reply.
    pub fn get(port: u16, path: &str) -> Result<Self> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::try_from(format!("127.0.0.1:{port}"))?);
        Ok(Self {
            method: Method::GET,
            uri: path.parse().with_context(|| format!("the path `{path}`"))?,
            headers,
            body: Bytes::new(),
            statuses: vec![200],
            reply_headers: BTreeMap::new(),
            expected: Expected::Something,
        })
    }

    /// Returns true if the status is right; the cheap half of the check.
    pub fn status_fits(&self, status: StatusCode) -> bool {
        self.statuses.contains(&status.as_u16())
    }

    /// Checks a reply; the error describes the difference.
    pub fn check(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(), String> {
        let shown = || shorten(&String::from_utf8_lossy(body));
        let asked = || format!("{} {}", self.method, self.uri);
        if !self.status_fits(status) {
            let wanted = self
                .statuses
                .iter()
                .map(u16::to_string)
                .collect::<Vec<_>>()
                .join(" or ");
            return Err(format!(
                "`{}` got status {} instead of {wanted}: `{}`",
                asked(),
                status.as_u16(),
                shown()
            ));
        }
        for (name, start) in &self.reply_headers {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            if !value.is_some_and(|value| value.starts_with(start)) {
                return Err(format!(
                    "`{}` got the header `{name}: {}` instead of one that starts with `{start}`",
                    asked(),
                    value.unwrap_or("(absent)")
                ));
            }
        }
        match &self.expected {
            Expected::Something if body.is_empty() => {
                Err(format!("`{}` got an empty body", asked()))
            }
            Expected::Something => Ok(()),
            Expected::Text(text) if text.as_bytes() == body => Ok(()),
            Expected::Text(text) => Err(format!(
                "`{}` got `{}` instead of `{text}`",
                asked(),
                shown()
            )),
            Expected::Table(rows) => {
                let text = String::from_utf8_lossy(body);
                match table::cells(&text) {
                    Some(found) if &found == rows => Ok(()),
                    Some(found) => Err(format!(
                        "`{}` got the rows `{}` instead of `{}`",
                        asked(),
                        shorten(&format!("{found:?}")),
                        shorten(&format!("{rows:?}"))
                    )),
                    None => Err(format!(
                        "`{}` got a page without a table whose cells are escaped: `{}`",
                        asked(),
                        shown()
                    )),
                }
            }
            expected @ (Expected::Json(_) | Expected::Shape(_)) => {
                let kind = headers
                    .get(CONTENT_TYPE)
                    .and_then(|value| value.to_str().ok())
                    .unwrap_or("none");
                if !kind.starts_with("application/json") {
                    return Err(format!(
                        "`{}` got the content type `{kind}` instead of JSON",
                        asked()
                    ));
                }
                let fits = serde_json::from_slice(body).is_ok_and(|value| match expected {
                    Expected::Json(wanted) => json_equal(wanted, &value),
                    Expected::Shape(shape) => shape.fits(&value),
                    _ => false,
                });
                if fits {
                    return Ok(());
                }
                let wanted = match expected {
                    Expected::Json(wanted) => wanted.to_string(),
                    other => format!("{other:?}"),
                };
                Err(format!(
                    "`{}` got `{}` instead of `{}`",
                    asked(),
                    shown(),
                    shorten(&wanted)
                ))
            }
        }
    }
}

fn body(request: &Request, values: &Values, headers: &mut HeaderMap, rng: &mut Rng) -> Bytes {
    if let Some(text) = &request.body {
        let form = headers.get(CONTENT_TYPE).is_some_and(|kind| {
            kind.as_bytes()
                .starts_with(b"application/x-www-form-urlencoded")
        });
        let context = if form { Context::Url } else { Context::Json };
        return Template(text).fill(values, context).into();
    }
    if let Some(bytes) = request.json_bytes {
        return records(bytes, rng).to_string().into();
    }
    if request.multipart.is_empty() {
        return Bytes::new();
    }
    let mut body = Vec::new();
    for part in &request.multipart {
        let head = format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{}\"; filename=\"{}\"\r\n\
             content-type: application/octet-stream\r\n\r\n",
            part.field, part.filename
        );
        body.extend_from_slice(head.as_bytes());
        body.resize(body.len() + part.bytes, b'x');
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::try_from(kind).unwrap_or_else(|_| HeaderValue::from_static("")),
    );
    body.into()
}

/// Returns true if two JSON values are equal; the order of members does not matter, and 42 equals
/// 42.0.
fn json_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || one.as_f64() == other.as_f64()
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| json_equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let member = |(name, value): (&String, &Value)| {
                other
                    .get(name)
                    .is_some_and(|other| json_equal(value, other))
            };
            one.len() == other.len() && one.iter().all(member)
        }
        _ => one == other,
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn workload(text: &str) -> Workload {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn numbers_are_values_and_types_are_kept() {
        assert!(json_equal(
            &json!({"a": 42, "b": [1.0]}),
            &json!({"b": [1], "a": 42.0})
        ));
        assert!(!json_equal(&json!({"a": 42}), &json!({"a": "42"})));
        assert!(!json_equal(&json!({"a": 42}), &json!({"a": 42, "b": null})));
    }

    #[test]
    fn the_error_for_a_wrong_reply_names_both_values() {
        let workload = workload(
            r#"
            name = "x"
            description = ""
            suite = "x"
            category = "x"
            values = { id = "integer:5:5" }
            request = { method = "GET", path = "/a/${id}" }
            reply = { body = { json = '{"id":${id}}' } }
            "#,
        );
        let shot = Shot::new(&workload, "localhost", &mut Rng::with_seed(1)).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        assert_eq!(shot.check(StatusCode::OK, &headers, b"{\"id\": 5}"), Ok(()));
        let wrong = shot
            .check(StatusCode::OK, &headers, b"{\"id\": 6}")
            .unwrap_err();
        assert_eq!(
            wrong,
            "`GET /a/5` got `{\"id\": 6}` instead of `{\"id\":5}`"
        );
        let wrong = shot
            .check(StatusCode::NOT_FOUND, &headers, b"no")
            .unwrap_err();
        assert_eq!(wrong, "`GET /a/5` got status 404 instead of 200: `no`");
    }
}
