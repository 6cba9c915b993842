//! The call that a handler receives: a request that passed validation.

use bytes::Bytes;
use bytestring::ByteString;

/// A validated call, ready to pass to the guest.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The route's index.
    pub route: u32,
    /// The route's parameters as one JSON object; empty if the route has none.
    pub params: String,
    /// The body.
    pub body: Body,
}

/// The body of a validated request.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Body {
    /// The request has no body.
    #[default]
    Empty,
    /// JSON text, exactly as the client sent it.
    Json(ByteString),
    /// Text, decoded to UTF-8.
    Text(ByteString),
    /// A form, as a JSON object.
    Form(String),
    /// Anything else.
    Bytes(Bytes),
}
