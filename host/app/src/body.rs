//! Request bodies: the content types that a route accepts, and how the host reads each.

use std::sync::LazyLock;

use bytes::Bytes;
use bytestring::ByteString;
use serde_json::{Value, json};

use crate::call::Body;
use crate::charset::Charset;
use crate::coercion_schema::CoercionSchema;
use crate::content::BodyContent;
use crate::field_error::{ErrorKind, FieldError};
use crate::form::{FilePart, Form};
use crate::json::{self, JsonError};
use crate::limits::MAX_NESTING;
use crate::media_type::MediaType;
use crate::refusal::Refusal;

/// A route's rules for request bodies.
#[derive(Debug)]
pub struct BodySpec {
    declared: Option<DeclaredBody>,
    raw: bool,
}

#[derive(Debug)]
struct DeclaredBody {
    required: bool,
    content: Vec<BodyContent>,
}

/// How to read the body of one request. The host decides this from the head alone, so
/// that it rejects an unacceptable body without waiting for it.
#[derive(Debug, Clone)]
pub struct BodyPlan<'a> {
    kind: BodyKind,
    charset: Charset,
    content: Option<&'a BodyContent>,
    required: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum BodyKind {
    Json,
    Text,
    Form,
    Multipart { boundary: String },
    Bytes,
}

impl BodySpec {
    /// Parses a Request Body Object. An empty text accepts any body.
    pub(crate) fn parse(text: &str, raw: bool) -> Result<Self, String> {
        let declared = match text {
            "" => None,
            text => {
                let (required, content) = BodyContent::parse_all(text)?;
                Some(DeclaredBody { required, content })
            }
        };
        Ok(Self { declared, raw })
    }

    /// Checks the `content-encoding` fields of a request that has a body. The host
    /// decodes no content coding; a route with `raw_body` receives the bytes as sent.
    ///
    /// # Errors
    /// 415 for any coding but `identity` (RFC 9110, section 15.5.16).
    pub fn check_content_coding<'f>(
        &self,
        fields: impl Iterator<Item = &'f [u8]>,
    ) -> Result<(), Refusal> {
        if self.raw {
            return Ok(());
        }
        let fields: Vec<_> = fields.map(String::from_utf8_lossy).collect();
        let codings = fields.iter().flat_map(|field| field.split(','));
        let codings = codings.map(|coding| coding.trim_matches([' ', '\t']));
        let is_coding =
            |coding: &&str| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity");
        let codings: Vec<_> = codings.filter(is_coding).collect();
        if codings.is_empty() {
            return Ok(());
        }
        let coding = codings.join(", ");
        Err(Refusal::UnsupportedContentCoding { coding })
    }

    /// Decides how to read a body from its content type.
    ///
    /// A body without a content type has the first type that the route declares, or is
    /// bytes if the route declares none.
    ///
    /// # Errors
    /// 415 for a type that the route does not declare, an unknown charset, or JSON in a
    /// charset other than UTF-8; 400 for an invalid media type or for a multipart form
    /// without a boundary.
    pub fn plan(&self, content_type: Option<&[u8]>) -> Result<BodyPlan<'_>, Refusal> {
        let bad = |what: &str| Refusal::BadRequest(what.to_owned());
        let value = content_type.map(String::from_utf8_lossy);
        let media = match &value {
            Some(value) => {
                let media = MediaType::parse(value);
                Some(media.ok_or_else(|| bad("the header `content-type` is not a media type"))?)
            }
            None => None,
        };
        let declared = self.declared.as_ref();
        let content = match (declared, &media) {
            (None, _) => None,
            (Some(declared), None) => declared.content.first(),
            (Some(declared), Some(media)) => {
                let accepted = declared.content.iter();
                // The most specific range wins, regardless of order.
                let matching = accepted.filter(|content| media.matches(content.range()));
                let best = matching.min_by_key(|content| content.range().matches('*').count());
                Some(best.ok_or(Refusal::UnsupportedMediaType)?)
            }
        };
        let has_type = media.is_some();
        let media = media.or_else(|| MediaType::parse(content?.range()));
        let kind = match &media {
            _ if self.raw => BodyKind::Bytes,
            Some(media) if media.is_json() => BodyKind::Json,
            Some(media) if media.is_form() => BodyKind::Form,
            Some(media) if media.is_multipart() && has_type => {
                let boundary = media.parameter("boundary").filter(|b| !b.is_empty());
                let boundary = boundary.filter(|boundary| boundary.len() <= 70);
                let boundary = boundary
                    .ok_or_else(|| bad("multipart/form-data requires 'boundary' parameter"))?;
                let boundary = boundary.into_owned();
                BodyKind::Multipart { boundary }
            }
            Some(media) if media.is_text() => BodyKind::Text,
            _ => BodyKind::Bytes,
        };
        let charset = match kind {
            BodyKind::Bytes | BodyKind::Multipart { .. } => None,
            _ => media.as_ref().and_then(|media| media.parameter("charset")),
        };
        let charset = match charset {
            Some(name) => {
                let known = Charset::from_label(&name);
                // JSON is UTF-8 (RFC 8259, section 8.1).
                let supported = known.filter(|charset| kind != BodyKind::Json || charset.is_utf8());
                let charset = name.into_owned();
                supported.ok_or(Refusal::UnsupportedCharset { charset })?
            }
            None => Charset::UTF_8,
        };
        Ok(BodyPlan {
            kind,
            charset,
            content,
            required: declared.is_some_and(|declared| declared.required),
        })
    }
}

impl BodyPlan<'_> {
    /// Returns true if the body is a multipart form. The caller then splits it with
    /// [`crate::read_multipart`] and passes the parts to [`BodyPlan::read_form`].
    #[must_use]
    pub fn is_multipart(&self) -> bool {
        self.boundary().is_some()
    }

    /// Returns the boundary of a multipart form.
    #[must_use]
    pub fn boundary(&self) -> Option<&str> {
        match &self.kind {
            BodyKind::Multipart { boundary } => Some(boundary),
            _ => None,
        }
    }

    /// Reads a complete body that is not a multipart form.
    ///
    /// # Errors
    /// 400 for invalid JSON or bytes that are invalid in the charset, 422 for a value that
    /// violates the schema.
    pub fn read(&self, bytes: Bytes) -> Result<Body, Refusal> {
        if bytes.is_empty() {
            return self.absent();
        }
        match self.kind {
            BodyKind::Json => self.read_json(bytes).map(Body::Json),
            BodyKind::Text => {
                let text = self.charset.decode_body(bytes)?;
                self.check(|| Value::String(text.to_string()))?;
                Ok(Body::Text(text))
            }
            BodyKind::Form => {
                // Clients should percent-encode non-ASCII bytes, but some send them raw.
                let text = self.charset.decode_body(bytes)?;
                let form = Form::from_urlencoded(&text, self.charset)?;
                self.read_form(form).map(|(body, _)| body)
            }
            BodyKind::Multipart { .. } | BodyKind::Bytes => Ok(Body::Bytes(bytes)),
        }
    }

    /// Reads a form that is already split into fields.
    ///
    /// # Errors
    /// 400 for conflicting field names, 422 for a value that violates the schema.
    pub fn read_form(&self, form: Form) -> Result<(Body, Vec<FilePart>), Refusal> {
        static NONE: LazyLock<CoercionSchema> = LazyLock::new(CoercionSchema::any);
        let mut errors = Vec::new();
        if let Some(content) = self.content {
            content.check_parts(&form, &mut errors);
        }
        let coercion = self.content.map_or(&*NONE, BodyContent::coercion);
        let (value, files) = form.into_json(coercion)?;
        let text = value.to_string();
        if let Some(schema) = self.content.and_then(BodyContent::schema) {
            schema.check(&value, &["body".into()], &mut errors);
        }
        if !errors.is_empty() {
            return Err(Refusal::Invalid(errors));
        }
        Ok((Body::Form(text), files))
    }

    /// Handles a request without a body.
    ///
    /// # Errors
    /// 422 if the route requires a body.
    pub fn absent(&self) -> Result<Body, Refusal> {
        if self.required {
            let missing = FieldError::missing(vec!["body".into()], &Value::Null);
            return Err(Refusal::Invalid(vec![missing]));
        }
        Ok(Body::Empty)
    }

    /// Checks a JSON body and returns its text as sent. Builds a tree only if a schema
    /// needs one.
    fn read_json(&self, bytes: Bytes) -> Result<ByteString, Refusal> {
        let text = ByteString::try_from(bytes).map_err(|_| {
            Refusal::BadRequest("the body is not UTF-8, which JSON must be".to_owned())
        })?;
        if self
            .content
            .is_some_and(|content| content.schema().is_some())
        {
            let value = json::parse(&text).map_err(json_refusal)?;
            self.check(|| value)?;
        } else {
            json::check(&text).map_err(json_refusal)?;
        }
        Ok(text)
    }

    fn check(&self, value: impl FnOnce() -> Value) -> Result<(), Refusal> {
        let Some(schema) = self.content.and_then(BodyContent::schema) else {
            return Ok(());
        };
        let mut errors = Vec::new();
        schema.check(&value(), &["body".into()], &mut errors);
        if errors.is_empty() {
            return Ok(());
        }
        Err(Refusal::Invalid(errors))
    }
}

fn json_refusal(error: JsonError) -> Refusal {
    match error {
        JsonError::TooDeep => Refusal::BadRequest(format!(
            "Request body exceeds maximum nesting depth of {MAX_NESTING}"
        )),
        JsonError::Malformed(error) => {
            let ctx = json!({"line": error.line(), "column": error.column()});
            let msg = format!("The body is not valid JSON: {error}");
            let loc = vec!["body".into()];
            let error = FieldError::new(ErrorKind::JsonInvalid, loc, msg, &Value::Null);
            Refusal::Malformed(vec![error.with(ctx)])
        }
    }
}

#[cfg(test)]
mod tests;
