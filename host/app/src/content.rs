//! Parses Request Body Objects (OpenAPI 3.1, section 4.8.13), and checks the content
//! types of form parts against their `encoding`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::coercion_schema::CoercionSchema;
use crate::field_error::{ErrorKind, FieldError, shorten};
use crate::form::Form;
use crate::media_object::MediaObject;
use crate::media_type::MediaType;
use crate::schema::Schema;

/// A content type that a route accepts.
#[derive(Debug)]
pub(crate) struct BodyContent {
    range: String,
    schema: Option<Schema>,
    coercion: CoercionSchema,
    /// The allowed content types of form parts, by field name.
    parts: BTreeMap<String, Vec<String>>,
}

/// A Request Body Object.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestBodyObject {
    #[serde(default)]
    required: bool,
    content: Map<String, Value>,
    #[serde(rename = "description")]
    _description: Option<String>,
}

impl BodyContent {
    /// Parses a Request Body Object. Returns whether a body is required, and the accepted
    /// content types.
    pub(crate) fn parse_all(text: &str) -> Result<(bool, Vec<Self>), String> {
        let wire: RequestBodyObject = serde_json::from_str(text)
            .map_err(|error| format!("its body is not a Request Body Object: {error}"))?;
        let content = wire.content.into_iter();
        let content = content.map(|(range, value)| Self::parse(&range, value));
        Ok((wire.required, content.collect::<Result<_, _>>()?))
    }

    fn parse(range: &str, value: Value) -> Result<Self, String> {
        let lower = range.to_ascii_lowercase();
        let Some(media) = MediaType::parse(&lower) else {
            return Err(format!("`{range}` in its body is not a media type"));
        };
        let wire = MediaObject::parse(value)
            .map_err(|error| format!("its body's `{range}` is not a Media Type Object: {error}"))?;
        let is_form = media.is_form() || media.is_multipart();
        let compile = if is_form {
            Schema::compile_form
        } else {
            Schema::compile
        };
        let wrong = |error| format!("the schema of its `{range}` body is invalid: {error}");
        let schema = wire
            .schema
            .as_ref()
            .map(compile)
            .transpose()
            .map_err(wrong)?;
        if !wire.encoding.is_empty() && !media.is_multipart() {
            return Err(format!(
                "its body's `{range}` has `encoding`, which applies only to `{}`; remove it",
                MediaType::MULTIPART
            ));
        }
        let mut parts = BTreeMap::new();
        for (field, encoding) in wire.encoding {
            let Some(types) = encoding.content_type else {
                continue;
            };
            let types: Vec<_> = types
                .split(',')
                .map(|kind| kind.trim().to_ascii_lowercase())
                .collect();
            if let Some(wrong) = types.iter().find(|kind| MediaType::parse(kind).is_none()) {
                return Err(format!(
                    "`{wrong}` in the encoding of `{field}` is not a media type"
                ));
            }
            parts.insert(field, types);
        }
        Ok(Self {
            range: media.as_str().to_owned(),
            schema,
            coercion: wire
                .schema
                .as_ref()
                .map_or_else(CoercionSchema::any, CoercionSchema::of),
            parts,
        })
    }

    /// Returns the media type or range, in lower case and without parameters.
    pub(crate) fn range(&self) -> &str {
        &self.range
    }

    /// Returns the schema, if the type declares one.
    pub(crate) fn schema(&self) -> Option<&Schema> {
        self.schema.as_ref()
    }

    /// Returns the types that text fields are converted to.
    pub(crate) fn coercion(&self) -> &CoercionSchema {
        &self.coercion
    }

    /// Checks the content types of the parts of a form.
    pub(crate) fn check_parts(&self, form: &Form, errors: &mut Vec<FieldError>) {
        if self.parts.is_empty() {
            return;
        }
        for (name, content_type, file) in form.parts() {
            let field = name.split_once('[').map_or(name, |(field, _)| field);
            let Some(allowed) = self.parts.get(name).or_else(|| self.parts.get(field)) else {
                continue;
            };
            // The default of RFC 7578, section 4.4; browsers send `application/octet-stream`
            // for a file of unknown type.
            let default = if file.is_some() {
                "application/octet-stream"
            } else {
                "text/plain"
            };
            let found = content_type.unwrap_or(default);
            let media = MediaType::parse(found);
            let fits = media.is_some_and(|media| allowed.iter().any(|range| media.matches(range)));
            if fits {
                continue;
            }
            let found = shorten(found);
            let msg = format!(
                "Invalid content type '{found}'. Allowed types: {}",
                allowed.join(", ")
            );
            let loc = vec!["files".into(), field.into()];
            let error = FieldError::new(ErrorKind::ValidationError, loc, msg, &Value::Null);
            errors.push(error.without_input());
        }
    }
}
