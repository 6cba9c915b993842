//! What a handler's return type says of the route's replies, in the words of
//! OpenAPI 3.1.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{Html, HttpError, IntoErrorReply, IntoReply, Json, Redirect, error, schema};

/// The replies of a route, as an OpenAPI 3.1 Responses Object under construction.
#[derive(Debug)]
pub struct Replies {
    usual: Usual,
    object: Map<String, Value>,
}

/// The status of what a type declares as its usual reply.
#[derive(Clone, Copy, Debug)]
enum Usual {
    Status(Option<u16>),
    /// Known only when the handler has run.
    Any,
}

impl Replies {
    /// `status` is the route's.
    pub(crate) fn new(status: Option<u16>) -> Self {
        Self {
            usual: Usual::Status(status),
            object: Map::new(),
        }
    }

    /// Declares content of the usual reply: that of the route's status, or 200.
    pub fn content(&mut self, content_type: &str, schema: &Value) {
        let (key, description) = self.usual(200);
        self.add(&key, description, Some((content_type, schema)));
    }

    /// Declares that the usual reply, of the route's status or 204, has no content.
    pub fn empty(&mut self) {
        let (key, description) = self.usual(204);
        self.add(&key, description, None);
    }

    /// Declares content, if there is any, of a reply by its status: `404`, `4XX`
    /// for all of that kind, `default` for all others.
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

    /// Declares with another usual status.
    pub(crate) fn with_status(&mut self, status: u16, declare: impl FnOnce(&mut Self)) {
        self.with_usual(Usual::Status(Some(status)), declare);
    }

    fn with_usual(&mut self, usual: Usual, declare: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.usual, usual);
        declare(self);
        self.usual = before;
    }

    fn usual(&self, otherwise: u16) -> (String, &'static str) {
        match self.usual {
            Usual::Status(status) => {
                let status = status.unwrap_or(otherwise);
                (status.to_string(), error::phrase(status))
            }
            Usual::Any => ("default".to_owned(), "A reply"),
        }
    }

    /// The JSON text; empty when nothing is declared.
    pub(crate) fn finish(self) -> String {
        if self.object.is_empty() {
            String::new()
        } else {
            Value::Object(self.object).to_string()
        }
    }
}

/// A reply that says, as a type, what it looks like.
///
/// It is apart from [`IntoReply`], so that a handler may return `Json<T>` of a `T`
/// that has no schema: such a route declares no replies, and works the same. Every
/// other [`IntoReply`] has it, but [`Reply`](crate::Reply) and
/// [`Content`](crate::Content), which may be anything;
/// [`Route::reply`](crate::Route::reply) says what they are.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what its reply looks like",
    note = "derive `schemars::JsonSchema` for `T` of a `Json<T>`, or implement `DeclareReply`"
)]
pub trait DeclareReply: IntoReply {
    /// Declares the replies.
    fn declare_reply(replies: &mut Replies);
}

impl<T: Serialize + JsonSchema> DeclareReply for Json<T> {
    fn declare_reply(replies: &mut Replies) {
        replies.content("application/json", &schema::of_reply::<T>());
    }
}

impl DeclareReply for Value {
    fn declare_reply(replies: &mut Replies) {
        replies.content("application/json", &json!(true));
    }
}

macro_rules! contents {
    ($($type:ty: $content_type:literal $schema:tt;)*) => {
        $(impl DeclareReply for $type {
            fn declare_reply(replies: &mut Replies) {
                replies.content($content_type, &json!($schema));
            }
        })*
    };
}

contents! {
    String: "text/plain" {"type": "string"};
    &str: "text/plain" {"type": "string"};
    Cow<'_, str>: "text/plain" {"type": "string"};
    Vec<u8>: "application/octet-stream" {};
    &[u8]: "application/octet-stream" {};
}

impl<T: Into<String>> DeclareReply for Html<T> {
    fn declare_reply(replies: &mut Replies) {
        replies.content("text/html", &json!({"type": "string"}));
    }
}

impl DeclareReply for () {
    fn declare_reply(replies: &mut Replies) {
        replies.empty();
    }
}

impl DeclareReply for Redirect {
    fn declare_reply(replies: &mut Replies) {
        replies.add("3XX", "Redirection", None);
    }
}

impl DeclareReply for HttpError {
    fn declare_reply(replies: &mut Replies) {
        replies.problem();
    }
}

impl<T: DeclareReply> DeclareReply for (u16, T) {
    fn declare_reply(replies: &mut Replies) {
        replies.with_usual(Usual::Any, T::declare_reply);
    }
}

impl<T: DeclareReply, E: IntoErrorReply> DeclareReply for Result<T, E> {
    fn declare_reply(replies: &mut Replies) {
        T::declare_reply(replies);
        E::declare_error(replies);
    }
}

/// A type's [`DeclareReply::declare_reply`].
pub(crate) type Declare = fn(&mut Replies);

/// Finds out, for the attribute macros, whether a return type is a [`DeclareReply`].
///
/// `Probe::<T>::new().declares()` calls the method of [`Known`] where it applies,
/// since it needs one reference less, and else that of [`Unknown`].
#[doc(hidden)]
#[derive(Debug)]
pub struct Probe<T>(PhantomData<fn() -> T>);

impl<T> Probe<T> {
    #[must_use]
    #[expect(clippy::new_without_default, reason = "for macros alone")]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

#[doc(hidden)]
pub trait Known {
    fn declares(self) -> Option<Declare>;
}

impl<T: DeclareReply> Known for Probe<T> {
    fn declares(self) -> Option<Declare> {
        Some(T::declare_reply)
    }
}

#[doc(hidden)]
pub trait Unknown {
    fn declares(self) -> Option<Declare>;
}

impl<T> Unknown for &Probe<T> {
    fn declares(self) -> Option<Declare> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, JsonSchema)]
    struct User {
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        nick: Option<String>,
    }

    fn declared<T: DeclareReply>(status: Option<u16>) -> Value {
        let mut replies = Replies::new(status);
        T::declare_reply(&mut replies);
        serde_json::from_str(&replies.finish()).expect("json")
    }

    fn user() -> Value {
        json!({"schema": {
            "title": "User", "type": "object", "required": ["name"],
            "properties": {"name": {"type": "string"}, "nick": {"type": ["string", "null"]}},
        }})
    }

    #[test]
    fn a_type_says_its_status_and_its_content() {
        assert_eq!(
            declared::<Json<User>>(Some(201)),
            json!({"201": {"description": "Created", "content": {"application/json": user()}}})
        );
        assert_eq!(
            declared::<&str>(None),
            json!({"200": {"description": "OK", "content": {"text/plain": {"schema": {"type": "string"}}}}})
        );
        assert_eq!(
            declared::<Html<String>>(None)["200"]["content"]["text/html"]["schema"]["type"],
            "string"
        );
        assert_eq!(
            declared::<Vec<u8>>(None)["200"]["content"],
            json!({"application/octet-stream": {"schema": {}}})
        );
        assert_eq!(
            declared::<()>(None),
            json!({"204": {"description": "No Content"}})
        );
        assert_eq!(
            declared::<()>(Some(202)),
            json!({"202": {"description": "Accepted"}})
        );
        assert_eq!(
            declared::<Redirect>(None),
            json!({"3XX": {"description": "Redirection"}})
        );
    }

    #[test]
    fn an_error_and_a_status_of_run_time_are_declared_for_any_status() {
        let both = declared::<Result<(u16, Json<User>), HttpError>>(Some(201));
        assert_eq!(both.as_object().map(Map::len), Some(1));
        let content = &both["default"]["content"];
        assert_eq!(content["application/json"], user());
        assert_eq!(
            content["application/problem+json"]["schema"]["required"][3],
            "detail"
        );

        // A `Reply` as the error may be anything.
        let either = declared::<Result<String, crate::Reply>>(None);
        assert_eq!(either.as_object().map(Map::len), Some(1));
        assert!(either["200"].is_object());
    }

    #[test]
    fn what_has_no_schema_is_found_out() {
        #[derive(Serialize)]
        struct Plain;
        assert!(Probe::<Json<User>>::new().declares().is_some());
        assert!(
            Probe::<Result<Json<User>, String>>::new()
                .declares()
                .is_some()
        );
        assert!(Probe::<Json<Plain>>::new().declares().is_none());
        assert!(Probe::<crate::Reply>::new().declares().is_none());
    }
}
