//! Write HTTP handlers in Rust; run them as a WebAssembly component in spikard-wasm.
//!
//! ```
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//! use spikard_wasm_sdk::{App, HttpError, Json, Path, export, get, post, routes};
//!
//! #[derive(Serialize, Deserialize, JsonSchema)]
//! struct User {
//!     id: u64,
//!     name: String,
//! }
//!
//! /// Finds a user.
//! #[get("/users/{id}")]
//! fn user(Path(id): Path<u64>) -> Result<Json<User>, HttpError> {
//!     match id {
//!         1 => Ok(Json(User { id, name: "Ann".to_owned() })),
//!         _ => Err(HttpError::new(404, format!("there is no user `{id}`"))),
//!     }
//! }
//!
//! #[post("/users", status = 201)]
//! fn create(Json(user): Json<User>) -> Json<User> {
//!     Json(user)
//! }
//!
//! export!(App::new("users").version("1.0.0").routes(routes![user, create]));
//! # fn main() {}
//! ```
//!
//! - A handler's arguments say what its route takes ([`FromRequest`]). Their types
//!   become JSON Schemas, and the host checks a request against them: a handler
//!   never runs with a request that does not fit.
//! - What a handler returns becomes its reply ([`IntoReply`]).
//! - An error it returns is either meant for the client ([`HttpError`]) or a failure
//!   that only the log sees ([`IntoErrorReply`]). A panic is a failure too, logged
//!   with its place, but costs the component's instance: return errors.
//! - A test runs an app in process, without a component or a host (`testing`).

pub mod bindings;

mod app;
mod call_id;
mod context;
mod declare;
mod dispatch;
mod error;
mod export;
mod extract;
mod form;
mod handler;
mod hook;
mod host;
mod integers;
mod into_reply;
mod members;
mod params;
mod pattern;
mod policy;
mod replies;
mod reply;
mod request;
mod route;
mod schema;
mod settings;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod view;

pub use app::App;
pub use bindings::exports::spikard::handler::definition::Description;
pub use bindings::spikard::handler::types::{Body, Content};
pub use context::{Claims, ContextError, GlobalContext, LocalContext};
pub use declare::{Declaration, Source};
pub use error::{HttpError, IntoErrorReply};
pub use extract::{Call, Cookies, FromBody, FromRequest, Headers, Json, MatchedPath, Path, Query};
pub use form::{File, Form, Multipart};
pub use handler::Handler;
pub use hook::{Hook, Outcome};
pub use into_reply::{Html, IntoReply, Redirect};
pub use policy::{
    ApiKey, Compression, CompressionAlgorithm, Cors, Instances, Jwt, JwtAlgorithm, OpenApi,
    RateLimit, RequestId, Secret, SecurityHeaders, StaticFiles, Toggle, TrailingSlash,
};
pub use replies::{DeclareReply, Replies};
pub use reply::Reply;
pub use request::Request;
pub use route::{IntoRoute, Method, Route, RouteInfo};
pub use spikard_wasm_sdk_macros::{delete, get, head, options, patch, post, put};
pub use view::ResponseView;

/// What the macros' output names; not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::export::{
        describe, handle, on_error, on_request, on_response, pre_handler, pre_validation,
    };
    pub use crate::replies::{Known, Probe, Unknown};
    pub use crate::route::into_reply;

    /// Fails the build of a route whose path pattern does not parse.
    pub const fn check_pattern(pattern: &str) {
        if let Some(fault) = crate::pattern::fault(pattern) {
            panic!("{}", fault);
        }
    }
}

/// The code of the README, compiled and run with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
