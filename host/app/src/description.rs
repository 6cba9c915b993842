//! What a component says of itself, before any of it is checked.

use crate::Method;

/// An app as its component describes it: the record of the WIT interface
/// `definition`, whose documentation is the reference for every field.
#[derive(Debug, Clone, Default)]
pub struct Description {
    /// The app's name.
    pub name: String,
    /// The app's version.
    pub version: String,
    /// Its routes; a call names one by its index here.
    pub routes: Vec<RouteDescription>,
    /// Limits and policies of every route, as JSON text.
    pub settings: String,
}

/// A route as its component describes it.
#[derive(Debug, Clone)]
pub struct RouteDescription {
    /// The method it answers.
    pub method: Method,
    /// The path pattern.
    pub path: String,
    /// The name for logs and metrics; may be empty.
    pub name: String,
    /// Its parameters, as JSON text.
    pub parameters: String,
    /// Its request body, as JSON text.
    pub body: String,
    /// Its replies, as JSON text.
    pub replies: String,
    /// Its limits and policies, as JSON text.
    pub settings: String,
}

impl RouteDescription {
    /// A route that declares nothing but its method and path.
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
