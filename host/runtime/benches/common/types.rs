//! The types that cross the boundary in the shapes.

use wasmtime::Result;
use wasmtime::component::{ComponentType, Lift, Lower};

/// The headers of a reply, in order.
pub(crate) type Headers = Vec<(String, String)>;

/// A reply as the host has it after the call.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) text: String,
}

/// Parses headers from JSON text; empty text means none.
pub(crate) fn parse(head: &str) -> Result<Headers> {
    match head {
        "" => Ok(Headers::new()),
        _ => Ok(serde_json::from_str(head)?),
    }
}

/// A request body. Texts are static, so that a typed function can be reused across calls.
#[derive(Clone, Copy, ComponentType, Lower)]
#[component(variant)]
#[allow(
    dead_code,
    reason = "the boundary has cases that no measured call sends"
)]
pub(crate) enum Body {
    #[component(name = "empty")]
    Empty,
    #[component(name = "json")]
    Json(&'static str),
    #[component(name = "text")]
    Text(&'static str),
    #[component(name = "form")]
    Form(&'static str),
    #[component(name = "bytes")]
    Bytes(&'static [u8]),
}

impl Body {
    /// Returns the text, for shapes that pass only the text.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Body::Json(text) | Body::Text(text) | Body::Form(text) => text,
            Body::Empty | Body::Bytes(_) => "",
        }
    }

    /// Returns the tag, for shapes that pass it separately.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Body::Empty => Kind::Empty,
            Body::Json(_) => Kind::Json,
            Body::Text(_) => Kind::Text,
            Body::Form(_) => Kind::Form,
            Body::Bytes(_) => Kind::Bytes,
        }
    }
}

/// A request, as input of every shape.
#[derive(Clone, Copy, ComponentType, Lower)]
#[component(record)]
pub(crate) struct Request {
    pub(crate) route: u32,
    pub(crate) params: &'static str,
    pub(crate) body: Body,
}

/// A reply body.
#[derive(ComponentType, Lift)]
#[component(variant)]
#[allow(
    dead_code,
    reason = "lifted because a host would, though no call sends it"
)]
pub(crate) enum Content {
    #[component(name = "empty")]
    Empty,
    #[component(name = "json")]
    Json(String),
    #[component(name = "text")]
    Text(String),
    #[component(name = "bytes")]
    Bytes(Vec<u8>),
}

/// The reply of shape `record`.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Content,
}

/// The failure of shape `record`.
#[derive(Debug, ComponentType, Lift)]
#[component(record)]
#[allow(dead_code, reason = "read by `Debug` alone")]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) detail: Option<String>,
}

/// The tag of a body, for shapes that pass it separately.
#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
#[allow(
    dead_code,
    reason = "the boundary has cases that no measured call sends"
)]
pub(crate) enum Kind {
    #[component(name = "empty")]
    Empty,
    #[component(name = "json")]
    Json,
    #[component(name = "text")]
    Text,
    #[component(name = "form")]
    Form,
    #[component(name = "bytes")]
    Bytes,
}

/// The reply of shape `tuple`.
pub(crate) type Parts = (u16, String, Content);
