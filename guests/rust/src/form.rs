//! Forms and uploaded files.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::call_id::CallId;
use crate::extract::{parse, unexpected};
use crate::{Body, Call, Declaration, FromBody, FromRequest, Reply, error, host, members, schema};

/// A form, `application/x-www-form-urlencoded` or `multipart/form-data`. The host coerces its
/// fields to the types of the struct `T` and validates them. A file is a field of type
/// [`UploadFile`] or `Vec<UploadFile>`.
///
/// ```
/// # use spikard_wasm_sdk::{post, UploadFile, Form};
/// # use {schemars::JsonSchema, serde::Deserialize};
/// #[derive(Deserialize, JsonSchema)]
/// struct Profile { name: String, age: Option<u8>, picture: UploadFile }
///
/// #[post("/profile")]
/// fn profile(Form(profile): Form<Profile>) -> String {
///     format!("{}: {} bytes", profile.name, profile.picture.bytes().len())
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned + JsonSchema> FromRequest for Form<T> {
    fn declare(declaration: &mut Declaration<'_>) {
        let schema = schema::form(schema::of::<T>());
        let types = ["application/x-www-form-urlencoded", "multipart/form-data"];
        // A form that is only url-encoded has no file.
        let types = if needs_file(&schema) {
            &types[1..]
        } else {
            &types
        };
        declaration.body(true, types, &schema);
    }

    fn from_request(call: &mut Call<'_>) -> Result<Self, Reply> {
        match call.take_body() {
            Body::Form(text) => parse(&text).map(Self),
            other => Err(unexpected(&other, "a form")),
        }
    }
}

impl<T: DeserializeOwned + JsonSchema> FromBody for Form<T> {}

/// Returns true if the schema of a form requires a file or a list of files.
fn needs_file(form: &Value) -> bool {
    let file = schema::of::<UploadFile>();
    let is_file = |schema: &Value| schema.get("properties") == file.get("properties");
    let members = members::members(form).unwrap_or_default();
    members.iter().any(|(_, member, required)| {
        *required && (is_file(member) || member.get("items").is_some_and(is_file))
    })
}

/// An uploaded file of a `multipart/form-data` body. [`bytes`](Self::bytes) fetches its content
/// from the host.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct UploadFile {
    #[serde(skip, default = "CallId::current")]
    call: CallId,
    part: u32,
    #[serde(default)]
    filename: String,
    #[serde(default)]
    content_type: Option<String>,
    size: u64,
}

impl UploadFile {
    /// Returns the file name from the client. Do not use it as a path.
    #[must_use]
    pub fn filename(&self) -> &str {
        &self.filename
    }

    /// Returns the content type from the client.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// Returns the size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Fetches the content from the host. It is empty after the handler that took the file has
    /// returned. If another handler or hook asks for it at that time, its client gets status 500
    /// and the host logs the reason.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        if !self.call.check("UploadFile") {
            return Vec::new();
        }
        host::request::file(self.part).unwrap_or_default()
    }
}

impl JsonSchema for UploadFile {
    fn schema_name() -> Cow<'static, str> {
        "UploadFile".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "properties": {
                "part": { "type": "integer" },
                "filename": { "type": "string" },
                "content_type": { "type": ["string", "null"] },
                "size": { "type": "integer" },
            },
            "required": ["part", "size"],
        })
    }
}

/// A `multipart/form-data` body with any fields and files.
///
/// ```
/// # use spikard_wasm_sdk::{post, Multipart};
/// #[post("/upload")]
/// fn upload(form: Multipart) -> String {
///     let sizes: u64 = form.files().iter().map(|(_, file)| file.size()).sum();
///     format!("{} files, {sizes} bytes", form.files().len())
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Multipart {
    texts: Vec<(String, String)>,
    files: Vec<(String, UploadFile)>,
}

impl Multipart {
    /// Returns all files with the names of their fields.
    #[must_use]
    pub fn files(&self) -> &[(String, UploadFile)] {
        &self.files
    }

    /// Returns the names and texts of all other fields.
    #[must_use]
    pub fn texts(&self) -> &[(String, String)] {
        &self.texts
    }

    /// Returns the first file of a field.
    #[must_use]
    pub fn file(&self, field: &str) -> Option<&UploadFile> {
        self.files
            .iter()
            .find(|(name, _)| name == field)
            .map(|(_, file)| file)
    }

    /// Returns the first text of a field.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        self.texts
            .iter()
            .find(|(name, _)| name == field)
            .map(|(_, text)| text.as_str())
    }

    fn add(&mut self, field: &str, value: Value) -> Result<(), Reply> {
        match value {
            Value::Array(values) => {
                for value in values {
                    self.add(field, value)?;
                }
            }
            Value::String(text) => self.texts.push((field.to_owned(), text)),
            // The host gives a field that is not a file as a string.
            other => match serde_json::from_value(other) {
                Ok(file) => self.files.push((field.to_owned(), file)),
                Err(cause) => return Err(error::invalid(&["body", field], &cause.to_string())),
            },
        }
        Ok(())
    }
}

impl FromRequest for Multipart {
    fn declare(declaration: &mut Declaration<'_>) {
        declaration.body(true, &["multipart/form-data"], &json!({ "type": "object" }));
    }

    fn from_request(call: &mut Call<'_>) -> Result<Self, Reply> {
        match call.take_body() {
            Body::Form(text) => {
                let mut form = Self::default();
                for (field, value) in parse::<Map<String, Value>>(&text)? {
                    form.add(&field, value)?;
                }
                Ok(form)
            }
            other => Err(unexpected(&other, "a multipart form")),
        }
    }
}

impl FromBody for Multipart {}
