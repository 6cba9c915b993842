//! Declared replies (OpenAPI 3.1, Responses Object), and the optional validation of
//! replies against them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::json::{self, JsonError};
use crate::media_object::MediaObject;
use crate::media_type::MediaType;
use crate::schema::Schema;

/// The replies of a route, by status.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    by_status: BTreeMap<Status, Vec<ReplyContent>>,
}

/// The key of a declared reply, ordered from specific to general.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    /// `200`.
    Exactly(u16),
    /// `2XX`.
    Class(u16),
    /// `default`.
    Default,
}

#[derive(Debug)]
struct ReplyContent {
    range: String,
    schema: Option<Schema>,
}

/// A Response Object.
#[derive(Debug, Deserialize)]
struct ResponseObject {
    #[serde(default)]
    content: BTreeMap<String, Value>,
}

impl Replies {
    /// Parses a Responses Object. An empty text declares none. Ignores headers, links,
    /// examples and extensions, which serve documentation only.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let wire: Map<String, Value> = serde_json::from_str(text)
            .map_err(|error| format!("its replies are not a Responses Object: {error}"))?;
        let mut by_status = BTreeMap::new();
        for (key, value) in wire {
            let Some(status) = Status::parse_key(&key)? else {
                continue;
            };
            let reply: ResponseObject = serde_json::from_value(value)
                .map_err(|error| format!("its reply `{key}` is not a Response Object: {error}"))?;
            let mut contents = Vec::new();
            for (range, content) in reply.content {
                let content = MediaObject::parse(content).map_err(|error| {
                    format!("`{range}` of its reply `{key}` is not a Media Type Object: {error}")
                })?;
                contents.push(ReplyContent::parse(&key, &range, content.schema)?);
            }
            by_status.insert(status, contents);
        }
        Ok(Self { by_status })
    }

    /// Checks a reply.
    pub(crate) fn check(
        &self,
        status: u16,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<(), String> {
        if self.by_status.is_empty() {
            return Ok(());
        }
        let keys = [
            Status::Exactly(status),
            Status::Class(status / 100),
            Status::Default,
        ];
        let Some(contents) = keys.iter().find_map(|key| self.by_status.get(key)) else {
            return Err(format!(
                "its status {status} is not declared; the route declares {}",
                self.names()
            ));
        };
        if contents.is_empty() || body.is_empty() {
            return Ok(());
        }
        let Some(media) = content_type.and_then(MediaType::parse) else {
            return Err(format!(
                "its status {status} declares a content type, but the reply has none"
            ));
        };
        let Some(content) = contents
            .iter()
            .find(|content| media.matches(&content.range))
        else {
            let ranges: Vec<_> = contents
                .iter()
                .map(|content| format!("`{}`", content.range))
                .collect();
            return Err(format!(
                "its content type `{}` is not declared for status {status}; the route declares {}",
                media.as_str(),
                ranges.join(", ")
            ));
        };
        let Some(schema) = &content.schema else {
            return Ok(());
        };
        let text = std::str::from_utf8(body).map_err(|_| "its body is not UTF-8".to_owned())?;
        let value = if media.is_json() {
            json::parse(text).map_err(|error| match error {
                JsonError::TooDeep => "its body nests too deep to validate".to_owned(),
                JsonError::Malformed(error) => format!("its body is not valid JSON: {error}"),
            })?
        } else if media.is_text() {
            Value::String(text.to_owned())
        } else {
            return Ok(());
        };
        match schema.first_error(&value) {
            None => Ok(()),
            Some(error) => Err(format!(
                "its body violates the schema for status {status}: {error}"
            )),
        }
    }

    fn names(&self) -> String {
        let names: Vec<_> = self.by_status.keys().map(|status| status.name()).collect();
        names.join(", ")
    }
}

impl Status {
    /// Parses a key of a Responses Object. `None` for an extension (`x-...`).
    ///
    /// # Errors
    /// A clause about the route, if the key is not a status.
    pub(crate) fn parse_key(key: &str) -> Result<Option<Self>, String> {
        if key.starts_with("x-") {
            return Ok(None);
        }
        Self::parse(key).map(Some).ok_or_else(|| {
            format!(
                "its replies name `{key}`, which is not a status; write `200`, `2XX` or `default`"
            )
        })
    }

    fn parse(text: &str) -> Option<Self> {
        if text == "default" {
            return Some(Self::Default);
        }
        if text.len() != 3 {
            return None;
        }
        if let Some(class) = text.strip_suffix("XX") {
            let class: u16 = class.parse().ok()?;
            return (1..=5).contains(&class).then_some(Self::Class(class));
        }
        let status: u16 = text.parse().ok()?;
        (100..600)
            .contains(&status)
            .then_some(Self::Exactly(status))
    }

    fn name(self) -> String {
        match self {
            Self::Exactly(status) => status.to_string(),
            Self::Class(class) => format!("{class}XX"),
            Self::Default => "default".to_owned(),
        }
    }
}

impl ReplyContent {
    fn parse(key: &str, range: &str, schema: Option<Value>) -> Result<Self, String> {
        let range = range.to_ascii_lowercase();
        let Some(media) = MediaType::parse(&range) else {
            return Err(format!(
                "`{range}` in its reply `{key}` is not a media type"
            ));
        };
        let schema = schema.map(|schema| Schema::compile(&schema)).transpose();
        let schema = schema.map_err(|error| {
            format!("the schema of its `{range}` reply `{key}` is invalid: {error}")
        })?;
        Ok(Self {
            range: media.as_str().to_owned(),
            schema,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn replies() -> Replies {
        let schema = json!({"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}});
        let text = json!({"200": {"description": "ok", "content": {"application/json": {"schema": schema}}},
            "204": {"description": "none"}, "4XX": {"description": "wrong"}});
        Replies::parse(&text.to_string()).unwrap()
    }

    #[test]
    fn checks_replies() {
        let check = |status, content_type, body: &str| {
            replies().check(status, content_type, body.as_bytes())
        };
        let json = Some("application/json; charset=utf-8");
        assert_eq!(check(200, json, "{\"id\": 1}"), Ok(()));
        assert_eq!(check(204, None, ""), Ok(()));
        assert_eq!(check(404, Some("text/plain"), "no"), Ok(()));
        let broken = check(200, json, "{\"id\": \"x\"}").unwrap_err();
        assert!(broken.contains("/id"), "{broken}");
        assert!(
            check(200, json, "{")
                .unwrap_err()
                .contains("not valid JSON")
        );
        assert!(
            check(200, Some("text/plain"), "x")
                .unwrap_err()
                .contains("`text/plain`")
        );
        assert!(
            check(200, None, "x")
                .unwrap_err()
                .contains("the reply has none")
        );
        assert!(check(500, None, "").unwrap_err().contains("200, 204, 4XX"));
        assert_eq!(Replies::default().check(500, None, b"x"), Ok(()));
    }

    #[test]
    fn says_what_is_wrong() {
        let error = |value: Value| Replies::parse(&value.to_string()).unwrap_err();
        assert!(error(json!([])).contains("Responses Object"));
        assert!(error(json!({"20": {}})).contains("`20`"));
        assert!(error(json!({"200": 1})).contains("Response Object"));
        let misspelled = json!({"200": {"content": {"application/json": {"shema": {}}}}});
        assert!(error(misspelled).contains("unknown field `shema`"));
        let schema = json!({"200": {"content": {"application/json": {"schema": {"type": "x"}}}}});
        assert!(
            error(schema).contains("the schema of its `application/json` reply `200` is invalid")
        );
    }
}
