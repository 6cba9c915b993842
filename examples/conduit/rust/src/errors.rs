//! Errors in Conduit's form: `{"errors": {"title": ["can't be blank"]}}`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use spikard_wasm_sdk::{Content, ContextError, HookReply, IntoErrorReply, OperationError, Reply};

/// Why a request does not succeed.
#[derive(Debug)]
pub enum Error {
    /// An error for the client, about one part of the request.
    Rejected(u16, &'static str, &'static str),
    /// An error of the database, or of another operation. The client sees status 500.
    Failed(OperationError),
    /// Another failure. The client sees status 500.
    Broken(Box<dyn std::error::Error>),
}

impl Error {
    pub fn not_found(what: &'static str) -> Self {
        Self::Rejected(404, what, "not found")
    }

    pub fn forbidden(what: &'static str) -> Self {
        Self::Rejected(403, what, "is not yours")
    }
}

impl From<OperationError> for Error {
    fn from(error: OperationError) -> Self {
        Self::Failed(error)
    }
}

impl From<ContextError> for Error {
    fn from(error: ContextError) -> Self {
        Self::Broken(error.into())
    }
}

impl IntoErrorReply for Error {
    fn into_error_reply(self) -> Reply {
        match self {
            Self::Rejected(status, field, message) => {
                Reply::json(&json!({ "errors": { field: [message] } })).status(status)
            }
            Self::Failed(error) => error.into_error_reply(),
            Self::Broken(error) => error.into_error_reply(),
        }
    }
}

/// A problem document of the host.
#[derive(Deserialize)]
struct Problem {
    title: String,
    #[serde(default)]
    errors: Vec<InvalidValue>,
}

#[derive(Deserialize)]
struct InvalidValue {
    r#type: String,
    loc: Vec<Value>,
    msg: String,
    #[serde(default)]
    input: Value,
    #[serde(default)]
    ctx: Value,
}

/// Replaces the host's problem document, for example that of an invalid body.
pub fn explain_error(reply: &mut HookReply, _message: &str) -> Option<Reply> {
    let Content::Json(document) = reply.body() else {
        return None;
    };
    let problem: Problem = serde_json::from_str(document).ok()?;
    let mut errors: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for invalid in &problem.errors {
        // The place in the body without its envelope and without indices: `tagList` for
        // `article.tagList[0]`.
        let field = invalid.loc.iter().rev().find_map(Value::as_str);
        let messages = errors.entry(field.unwrap_or("body")).or_default();
        let message = invalid.explain();
        if !messages.contains(&message) {
            messages.push(message);
        }
    }
    if errors.is_empty() {
        errors.insert("body", vec![problem.title]);
    }
    Some(Reply::json(&json!({ "errors": errors })).status(reply.status()))
}

impl InvalidValue {
    fn explain(&self) -> String {
        let blank = match &self.input {
            Value::Null => true,
            Value::String(text) => text.trim().is_empty(),
            _ => false,
        };
        match (self.r#type.as_str(), blank) {
            ("missing", _) | (_, true) => "can't be blank".to_owned(),
            ("string_too_long", _) => {
                format!(
                    "is too long (at most {} characters)",
                    self.ctx["max_length"]
                )
            }
            ("string_pattern_mismatch", _) => "is invalid".to_owned(),
            _ => self.msg.clone(),
        }
    }
}
