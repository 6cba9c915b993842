//! Request methods.

/// A request method that a route can answer.
pub use crate::bindings::exports::spikard::handler::definition::Method;

/// Returns the name of a method, in upper case.
pub(crate) fn method_name(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
        Method::Options => "OPTIONS",
        Method::Trace => "TRACE",
    }
}
