//! Request bodies: which content types a route takes, and how each is read.

use bytes::Bytes;
use bytestring::ByteString;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::call::Body;
use crate::form::{FilePart, Form, Targets};
use crate::media_type::MediaType;
use crate::problem::FieldError;
use crate::refusal::Refusal;
use crate::schema::Schema;

/// How a route reads its bodies.
#[derive(Debug)]
pub struct BodySpec {
    declared: Option<Declared>,
    raw: bool,
}

#[derive(Debug)]
struct Declared {
    required: bool,
    content: Vec<Content>,
}

#[derive(Debug)]
struct Content {
    range: String,
    schema: Option<Schema>,
    targets: Targets,
}

/// A Request Body Object of OpenAPI 3.1.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(default)]
    required: bool,
    content: Map<String, Value>,
    #[serde(rename = "description")]
    _description: Option<String>,
}

/// A Media Type Object of OpenAPI 3.1.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireContent {
    schema: Option<Value>,
    #[serde(rename = "example")]
    _example: Option<Value>,
    #[serde(rename = "examples")]
    _examples: Option<Value>,
}

/// How the body of one request is read, decided from its head alone, so that a
/// body nobody accepts is never waited for.
#[derive(Debug, Clone, Copy)]
pub struct BodyPlan<'a> {
    kind: Kind,
    content: Option<&'a Content>,
    required: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Json,
    Text,
    Form,
    Multipart,
    Bytes,
}

impl BodySpec {
    /// Reads a Request Body Object; an empty text accepts anything.
    pub(crate) fn parse(text: &str, raw: bool) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self {
                declared: None,
                raw,
            });
        }
        let wire: Wire = serde_json::from_str(text)
            .map_err(|error| format!("its body is not a Request Body Object: {error}"))?;
        let content = wire
            .content
            .into_iter()
            .map(|(range, value)| Content::parse(range, value))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            declared: Some(Declared {
                required: wire.required,
                content,
            }),
            raw,
        })
    }

    /// Decides how to read a body by its content type.
    ///
    /// A body without a content type is read as the first type that the route
    /// declares, and as bytes where it declares none.
    ///
    /// # Errors
    /// 415 for a type that the route does not declare, or text in another charset
    /// than UTF-8; 400 for a header that is not a media type.
    pub fn plan(&self, content_type: Option<&[u8]>) -> Result<BodyPlan<'_>, Refusal> {
        let declared = self.declared.as_ref();
        let required = declared.is_some_and(|declared| declared.required);
        let value = content_type.map(String::from_utf8_lossy);
        let media = match &value {
            Some(value) => Some(MediaType::parse(value).ok_or_else(|| {
                Refusal::BadRequest("the header `content-type` is not a media type".to_owned())
            })?),
            None => None,
        };
        let content = match (declared, &media) {
            (None, _) => None,
            (Some(declared), None) => declared.content.first(),
            (Some(declared), Some(media)) => {
                let mut accepted = declared.content.iter();
                let found = accepted.find(|content| media.matches(&content.range));
                Some(found.ok_or(Refusal::UnsupportedMediaType)?)
            }
        };
        let media = media.or_else(|| content.and_then(|content| MediaType::parse(&content.range)));
        let kind = match &media {
            _ if self.raw => Kind::Bytes,
            Some(media) if media.is_json() => Kind::Json,
            Some(media) if media.is_form() => Kind::Form,
            Some(media) if media.is_multipart() => Kind::Multipart,
            Some(media) if media.is_text() => Kind::Text,
            _ => Kind::Bytes,
        };
        if kind == Kind::Text && value.is_some_and(|value| !is_utf8_charset(&value)) {
            return Err(Refusal::UnsupportedMediaType);
        }
        Ok(BodyPlan {
            kind,
            content,
            required,
        })
    }
}

impl Content {
    fn parse(range: String, value: Value) -> Result<Self, String> {
        let range = range.to_ascii_lowercase();
        if MediaType::parse(&range).is_none() {
            return Err(format!("`{range}` in its body is not a media type"));
        }
        let wire: WireContent = serde_json::from_value(value)
            .map_err(|error| format!("its body's `{range}` is not a Media Type Object: {error}"))?;
        let (schema, targets) = match wire.schema {
            Some(value) => {
                let schema = Schema::compile(&value).map_err(|error| {
                    format!("the schema of its `{range}` body is wrong: {error}")
                })?;
                (Some(schema), Targets::of(&value))
            }
            None => (None, Targets::default()),
        };
        Ok(Self {
            range,
            schema,
            targets,
        })
    }
}

impl BodyPlan<'_> {
    /// Whether the body is a multipart form: [`BodyPlan::read_form`] reads it then.
    #[must_use]
    pub fn is_multipart(&self) -> bool {
        self.kind == Kind::Multipart
    }

    /// Reads a complete body that is no multipart form.
    ///
    /// # Errors
    /// 400 for what is not JSON or not UTF-8, 422 for what breaks the schema.
    pub fn read(&self, bytes: Bytes) -> Result<Body, Refusal> {
        if bytes.is_empty() {
            return self.absent();
        }
        match self.kind {
            Kind::Json => self.read_json(bytes).map(Body::Json),
            Kind::Text => {
                let text = utf8(bytes)?;
                self.check(|| Value::String(text.to_string()))?;
                Ok(Body::Text(text))
            }
            Kind::Form => {
                let text = utf8(bytes)?;
                let form = Form::from_urlencoded(&text).map_err(|error| {
                    Refusal::BadRequest(format!("the form cannot be read: {error}"))
                })?;
                self.read_form(form).map(|(body, _)| body)
            }
            Kind::Multipart | Kind::Bytes => Ok(Body::Bytes(bytes)),
        }
    }

    /// Reads a form whose parts were taken apart already.
    ///
    /// # Errors
    /// 422 for what breaks the schema.
    pub fn read_form(&self, form: Form) -> Result<(Body, Vec<FilePart>), Refusal> {
        const NONE: &Targets = &Targets::EMPTY;
        let targets = self.content.map_or(NONE, |content| &content.targets);
        let (value, files) = form.into_json(targets);
        let text = value.to_string();
        self.check(|| value)?;
        Ok((Body::Form(text), files))
    }

    /// The body of a request that has none.
    ///
    /// # Errors
    /// 422 where the route requires one.
    pub fn absent(&self) -> Result<Body, Refusal> {
        if self.required {
            let missing = FieldError::missing(vec!["body".into()], Value::Null);
            return Err(Refusal::Invalid(vec![missing]));
        }
        Ok(Body::Empty)
    }

    /// A JSON text crosses as it was sent; only where a schema asks for it is a
    /// tree built.
    fn read_json(&self, bytes: Bytes) -> Result<ByteString, Refusal> {
        let malformed = |error: serde_json::Error| {
            Refusal::BadRequest(format!("the body is not valid JSON: {error}"))
        };
        if self.content.is_some_and(|content| content.schema.is_some()) {
            let value: Value = serde_json::from_slice(&bytes).map_err(malformed)?;
            self.check(|| value)?;
        } else {
            serde_json::from_slice::<IgnoredAny>(&bytes).map_err(malformed)?;
        }
        utf8(bytes)
    }

    fn check(&self, value: impl FnOnce() -> Value) -> Result<(), Refusal> {
        let Some(schema) = self.content.and_then(|content| content.schema.as_ref()) else {
            return Ok(());
        };
        let value = value();
        if schema.is_valid(&value) {
            return Ok(());
        }
        let mut errors = Vec::new();
        schema.collect(&value, &["body".into()], &mut errors);
        Err(Refusal::Invalid(errors))
    }
}

fn utf8(bytes: Bytes) -> Result<ByteString, Refusal> {
    ByteString::try_from(bytes).map_err(|_| {
        Refusal::BadRequest("the body is not UTF-8, which its content type requires".to_owned())
    })
}

/// Whether a content type's `charset`, if it has one, is UTF-8 or its subset ASCII.
fn is_utf8_charset(content_type: &str) -> bool {
    let mut parameters = content_type.split(';').skip(1);
    parameters.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            let value = value.trim().trim_matches('"');
            ["utf-8", "utf8", "us-ascii"]
                .iter()
                .any(|known| value.eq_ignore_ascii_case(known))
        }
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(spec: &BodySpec, content_type: &str, body: &'static [u8]) -> Result<Body, Refusal> {
        let content_type = (!content_type.is_empty()).then_some(content_type.as_bytes());
        spec.plan(content_type)?.read(Bytes::from_static(body))
    }

    fn status(result: Result<Body, Refusal>) -> u16 {
        result.unwrap_err().status()
    }

    #[test]
    fn undeclared_bodies_are_read_by_their_type() {
        let spec = BodySpec::parse("", false).unwrap();
        let json = "application/json; charset=utf-8";
        assert_eq!(
            read(&spec, json, b"{\"a\": 1}"),
            Ok(Body::Json("{\"a\": 1}".into()))
        );
        assert_eq!(
            read(&spec, "text/html", b"<p>"),
            Ok(Body::Text("<p>".into()))
        );
        let form = Ok(Body::Form("{\"a\":\"1\"}".to_owned()));
        assert_eq!(read(&spec, MediaType::FORM, b"a=1"), form);
        assert_eq!(
            read(&spec, "", b"\xff"),
            Ok(Body::Bytes(Bytes::from_static(b"\xff")))
        );
        assert_eq!(read(&spec, json, b""), Ok(Body::Empty));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let spec = BodySpec::parse("", false).unwrap();
        assert_eq!(status(read(&spec, "application/json", b"{\"a\":")), 400);
        assert_eq!(status(read(&spec, "application/json", b"\"\xff\"")), 400);
        assert_eq!(status(read(&spec, "text/plain", b"\xff")), 400);
        assert_eq!(status(read(&spec, MediaType::FORM, b"a=%ff")), 400);
        assert_eq!(status(read(&spec, "nonsense", b"x")), 400);
        assert_eq!(status(read(&spec, "text/plain; charset=latin1", b"x")), 415);
        let deep = vec![b'['; 100_000].leak();
        assert_eq!(status(read(&spec, "application/json", deep)), 400);
    }

    #[test]
    fn declared_bodies_keep_their_schema() {
        let schema =
            json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}});
        let text = json!({"required": true, "content": {"application/json": {"schema": schema},
            "application/x-www-form-urlencoded": {"schema": schema}}});
        let spec = BodySpec::parse(&text.to_string(), false).unwrap();
        assert_eq!(
            read(&spec, "", b"{\"a\":1}"),
            Ok(Body::Json("{\"a\":1}".into()))
        );
        assert_eq!(
            read(&spec, MediaType::FORM, b"a=1"),
            Ok(Body::Form("{\"a\":1}".into()))
        );
        assert_eq!(status(read(&spec, MediaType::FORM, b"a=x")), 422);
        assert_eq!(status(read(&spec, "application/json", b"{}")), 422);
        assert_eq!(status(read(&spec, "application/json", b"")), 422);
        assert_eq!(status(read(&spec, "text/plain", b"x")), 415);
    }

    #[test]
    fn raw_bodies_cross_as_bytes() {
        let spec = BodySpec::parse("", true).unwrap();
        let body = read(&spec, "application/json", b"{");
        assert_eq!(body, Ok(Body::Bytes(Bytes::from_static(b"{"))));
    }
}
