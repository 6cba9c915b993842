//! What a handler gets: a request that kept its route's contract.

use bytes::Bytes;
use bytestring::ByteString;

/// A checked call, ready to cross the boundary.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The route's index.
    pub route: u32,
    /// The route's parameters as one JSON object; empty when it has none.
    pub params: String,
    /// The body.
    pub body: Body,
}

/// The body of a checked request.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Body {
    /// There is none.
    #[default]
    Empty,
    /// A JSON text, as it was sent.
    Json(ByteString),
    /// Text.
    Text(ByteString),
    /// A form, as a JSON object.
    Form(String),
    /// Anything else.
    Bytes(Bytes),
}
