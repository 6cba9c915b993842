//! The return types of handlers.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use crate::{Content, HttpError, IntoErrorReply, Json, Reply};

/// A return type of a handler.
///
/// | returned value | reply |
/// |---|---|
/// | [`Json<T>`], [`serde_json::Value`] | JSON |
/// | `String`, `&str`, `Cow<str>` | plain text |
/// | [`Html`] | HTML |
/// | `Vec<u8>`, `&[u8]` | bytes |
/// | `()` | no body; status 204 by default |
/// | `(u16, T)` | `T` with that status |
/// | `Result<T, E>` | `T`, or the reply from [`IntoErrorReply`] |
/// | [`Redirect`], [`HttpError`], [`Content`], [`Reply`] | itself |
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the reply of a handler",
    label = "not a reply",
    note = "return `Json<T>` (where `T: Serialize`), `String`, `Vec<u8>`, `()`, `Html`, `Redirect`, `Reply`, `(u16, T)` or a `Result` of these"
)]
pub trait IntoReply {
    /// Converts the value to a reply.
    fn into_reply(self) -> Reply;
}

/// An HTML page.
#[derive(Clone, Debug)]
pub struct Html<T>(pub T);

/// A redirect.
#[derive(Clone, Debug)]
pub struct Redirect {
    status: u16,
    location: String,
}

impl Redirect {
    /// Creates a redirect with status 303: the client fetches `location` with GET, usually after
    /// it has submitted a form.
    #[must_use]
    pub fn to(location: impl Into<String>) -> Self {
        Self {
            status: 303,
            location: location.into(),
        }
    }

    /// Creates a redirect with status 307: the client repeats the request at `location`.
    #[must_use]
    pub fn temporary(location: impl Into<String>) -> Self {
        Self {
            status: 307,
            location: location.into(),
        }
    }

    /// Creates a redirect with status 308: the client repeats this and every later request at
    /// `location`.
    #[must_use]
    pub fn permanent(location: impl Into<String>) -> Self {
        Self {
            status: 308,
            location: location.into(),
        }
    }
}

impl IntoReply for Reply {
    fn into_reply(self) -> Reply {
        self
    }
}

impl IntoReply for Content {
    fn into_reply(self) -> Reply {
        Reply::new().content(self)
    }
}

impl IntoReply for () {
    fn into_reply(self) -> Reply {
        Reply::new()
    }
}

impl<T: Serialize> IntoReply for Json<T> {
    fn into_reply(self) -> Reply {
        Reply::json(&self.0)
    }
}

impl IntoReply for Value {
    fn into_reply(self) -> Reply {
        Reply::json(&self)
    }
}

impl IntoReply for String {
    fn into_reply(self) -> Reply {
        Reply::text(self)
    }
}

impl IntoReply for &str {
    fn into_reply(self) -> Reply {
        Reply::text(self)
    }
}

impl IntoReply for Cow<'_, str> {
    fn into_reply(self) -> Reply {
        Reply::text(self)
    }
}

impl IntoReply for Vec<u8> {
    fn into_reply(self) -> Reply {
        Reply::bytes(self)
    }
}

impl IntoReply for &[u8] {
    fn into_reply(self) -> Reply {
        Reply::bytes(self)
    }
}

impl<T: Into<String>> IntoReply for Html<T> {
    fn into_reply(self) -> Reply {
        Reply::html(self.0)
    }
}

impl IntoReply for Redirect {
    fn into_reply(self) -> Reply {
        Reply::new()
            .status(self.status)
            .header("location", self.location)
    }
}

impl IntoReply for HttpError {
    fn into_reply(self) -> Reply {
        self.into()
    }
}

impl<T: IntoReply> IntoReply for (u16, T) {
    fn into_reply(self) -> Reply {
        self.1.into_reply().status(self.0)
    }
}

impl<T: IntoReply, E: IntoErrorReply> IntoReply for Result<T, E> {
    fn into_reply(self) -> Reply {
        match self {
            Ok(value) => value.into_reply(),
            Err(error) => error.into_error_reply(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(reply: impl IntoReply) -> (u16, String, Content) {
        reply.into_reply().finish(None).expect("a reply")
    }

    #[test]
    fn each_type_becomes_its_content() {
        let json = |text: &str| (200, String::new(), Content::Json(text.to_owned()));
        let text = || (200, String::new(), Content::Text("a".to_owned()));
        assert_eq!(sent(Json([1, 2])), json("[1,2]"));
        assert_eq!(sent(Value::Null), json("null"));
        assert_eq!(sent("a"), text());
        assert_eq!(sent("a".to_owned()), text());
        assert_eq!(sent(Cow::from("a")), text());
        assert_eq!(
            sent(vec![1u8]),
            (200, String::new(), Content::Bytes(vec![1]))
        );
        assert_eq!(sent(()), (204, String::new(), Content::Empty));
    }

    #[test]
    fn a_status_a_redirect_and_an_error_speak_for_themselves() {
        assert_eq!(sent((201, "a")).0, 201);
        assert_eq!(
            sent(Redirect::to("/b")),
            (303, r#"[["location","/b"]]"#.to_owned(), Content::Empty)
        );
        assert_eq!(sent(Redirect::temporary("/b")).0, 307);
        assert_eq!(sent(Redirect::permanent("/b")).0, 308);
        assert_eq!(sent(Err::<(), _>(HttpError::new(404, "no"))).0, 404);
        assert_eq!(sent(Err::<(), _>(Reply::new().status(418))).0, 418);
        assert_eq!(sent(Ok::<_, String>("a")).0, 200);
    }
}
