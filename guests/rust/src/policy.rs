//! Policies of an app or a route, which the host enforces.
//!
//! Each is a builder that becomes a member of the `settings` of the WIT. A policy of a route
//! replaces the app's policy of the same kind.

mod auth;
mod documents;
mod files;
mod headers;
mod instances;
mod security;
mod traffic;
mod values;

pub use auth::{ApiKey, Jwt, JwtAlgorithm, Secret};
pub use documents::OpenApi;
pub use files::{StaticFiles, TrailingSlash};
pub use headers::{RequestId, SecurityHeaders};
pub use instances::Instances;
pub use security::{SecurityRequirement, SecurityScheme};
pub use traffic::{Compression, CompressionAlgorithm, Cors, RateLimit};
pub(crate) use values::Text;
pub use values::Toggle;

#[cfg(test)]
mod tests;
