//! The replies that a handler's return type declares.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::replies::{DefaultStatus, Replies};
use crate::{Html, HttpError, IntoErrorReply, IntoReply, Json, Redirect, schema};

/// A reply type that declares its content for the OpenAPI document.
///
/// It is separate from [`IntoReply`] so that a handler can return a `Json<T>` without a schema of
/// `T`. Such a route declares no replies. All other reply types implement it, except
/// [`Reply`](crate::Reply) and [`Content`](crate::Content), whose content is known only at run
/// time; declare these with [`Route::reply`](crate::Route::reply).
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
        replies.with_default_status(DefaultStatus::Unknown, T::declare_reply);
    }
}

impl<T: DeclareReply, E: IntoErrorReply> DeclareReply for Result<T, E> {
    fn declare_reply(replies: &mut Replies) {
        T::declare_reply(replies);
        E::declare_error(replies);
    }
}

/// The function [`DeclareReply::declare_reply`] of a type.
pub(crate) type DeclareFn = fn(&mut Replies);

/// Tells the attribute macros whether a return type implements [`DeclareReply`].
///
/// `Probe::<T>::new().declares()` calls the method of [`WithSchema`] where it applies,
/// since it needs one reference less, and else that of [`WithoutSchema`].
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
pub trait WithSchema {
    fn declares(self) -> Option<DeclareFn>;
}

impl<T: DeclareReply> WithSchema for Probe<T> {
    fn declares(self) -> Option<DeclareFn> {
        Some(T::declare_reply)
    }
}

#[doc(hidden)]
pub trait WithoutSchema {
    fn declares(self) -> Option<DeclareFn>;
}

impl<T> WithoutSchema for &Probe<T> {
    fn declares(self) -> Option<DeclareFn> {
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

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
