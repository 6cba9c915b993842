//! The description that a component returns, before validation.

use crate::Method;

/// An app as its component describes it: the record `description` of the WIT interface
/// `definition`, which is the reference for every field.
#[derive(Debug, Clone, Default)]
pub struct Description {
    /// The app's name.
    pub name: String,
    /// The app's version.
    pub version: String,
    /// The app's routes. A call names a route by its index in this list.
    pub routes: Vec<RouteDescription>,
    /// Default limits and policies of all routes, as JSON text.
    pub settings: String,
}

/// A route as its component describes it.
#[derive(Debug, Clone)]
pub struct RouteDescription {
    /// The request method.
    pub method: Method,
    /// The path pattern.
    pub path: String,
    /// The name for logs and metrics. If empty, the host uses method and path.
    pub name: String,
    /// A JSON array of Parameter Objects; may be empty.
    pub parameters: String,
    /// A JSON Request Body Object; may be empty.
    pub body: String,
    /// A JSON Responses Object; may be empty.
    pub replies: String,
    /// Limits and policies of this route, as JSON text; may be empty.
    pub settings: String,
}

impl RouteDescription {
    /// Creates a route that declares only its method and path.
    #[must_use]
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            name: String::new(),
            parameters: String::new(),
            body: String::new(),
            replies: String::new(),
            settings: String::new(),
        }
    }
}
