//! The Responses Object of a route (OpenAPI 3.1) under construction.

use serde_json::{Map, Value, json};

use crate::status::phrase;

/// The replies of a route, as an OpenAPI 3.1 Responses Object under construction.
#[derive(Debug)]
pub struct Replies {
    default_status: DefaultStatus,
    object: Map<String, Value>,
}

/// The status of the usual reply that a type declares.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DefaultStatus {
    Fixed(Option<u16>),
    /// The handler chooses the status at run time.
    Unknown,
}

impl Replies {
    /// Creates an empty object. `status` is that of the route.
    pub(crate) fn new(status: Option<u16>) -> Self {
        Self {
            default_status: DefaultStatus::Fixed(status),
            object: Map::new(),
        }
    }

    /// Declares content of the usual reply, whose status is that of the route or 200.
    pub fn content(&mut self, content_type: &str, schema: &Value) {
        let (key, description) = self.default_reply(200);
        self.add(&key, description, Some((content_type, schema)));
    }

    /// Declares that the usual reply has no content. Its status is that of the route or 204.
    pub fn empty(&mut self) {
        let (key, description) = self.default_reply(204);
        self.add(&key, description, None);
    }

    /// Declares a reply by its status: `404`, `4XX` for a range, or `default` for all other
    /// statuses. `content` is a content type and its schema, or `None` for an empty reply.
    pub fn add(&mut self, status: &str, description: &str, content: Option<(&str, &Value)>) {
        let reply = self
            .object
            .entry(status)
            .or_insert_with(|| json!({ "description": description }));
        if let Some((content_type, schema)) = content {
            reply["content"][content_type] = json!({ "schema": schema });
        }
    }

    /// Declares that any other reply is a problem document (RFC 9457).
    pub fn problem(&mut self) {
        let schema = json!({
            "type": "object",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": {"type": "string", "format": "uri-reference"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string"},
            },
        });
        let content = Some(("application/problem+json", &schema));
        self.add("default", "An error", content);
    }

    /// Runs `declare` with another status of the usual reply.
    pub(crate) fn with_status(&mut self, status: u16, declare: impl FnOnce(&mut Self)) {
        self.with_default_status(DefaultStatus::Fixed(Some(status)), declare);
    }

    pub(crate) fn with_default_status(
        &mut self,
        status: DefaultStatus,
        declare: impl FnOnce(&mut Self),
    ) {
        let before = std::mem::replace(&mut self.default_status, status);
        declare(self);
        self.default_status = before;
    }

    fn default_reply(&self, otherwise: u16) -> (String, &'static str) {
        match self.default_status {
            DefaultStatus::Fixed(status) => {
                let status = status.unwrap_or(otherwise);
                (status.to_string(), phrase(status))
            }
            DefaultStatus::Unknown => ("default".to_owned(), "A reply"),
        }
    }

    /// Returns the JSON text, or an empty string if no reply is declared.
    pub(crate) fn finish(self) -> String {
        if self.object.is_empty() {
            String::new()
        } else {
            Value::Object(self.object).to_string()
        }
    }
}
