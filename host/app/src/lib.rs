//! The app model: routes, parameters, bodies, schemas and policies, and the problem
//! documents that the host sends when a request violates them.
//!
//! The crate is pure: it depends on no runtime, socket or Wasm engine. It turns a
//! [`Description`] into an [`App`], and the text and bytes of a request into a validated
//! [`Call`] or a [`Refusal`]. All request data is untrusted; no input may cause a panic.

mod app;
mod app_error;
mod body;
mod bracket;
mod call;
mod charset;
mod coerce;
mod coercion_schema;
mod content;
mod declared;
mod decode;
mod description;
mod disposition;
mod explain;
mod fallback;
mod field_error;
mod form;
pub mod grants;
mod hooks;
mod isolation;
mod json;
mod lifespan;
mod limits;
mod location;
mod media_object;
mod media_type;
mod method;
mod mount;
mod multipart;
mod nearest;
mod openapi;
mod overrides;
mod parameter;
mod parameter_object;
mod params;
mod path;
pub mod policy;
mod printable;
mod problem;
mod refusal;
mod reply;
mod route;
mod route_settings;
mod router;
mod schema;
mod settings;
mod status;
mod style;
mod trailing_slash;

pub use app::{App, Hit};
pub use app_error::AppError;
pub use body::{BodyPlan, BodySpec};
pub use call::{Body, Call};
pub use declared::Declared;
pub use decode::{NotUtf8, cookies};
pub use description::{Description, RouteDescription};
pub use fallback::Fallback;
pub use field_error::{ErrorKind, FieldError, LocItem};
pub use form::{FilePart, Form};
pub use grants::Grants;
pub use hooks::{HookKind, Hooks};
pub use isolation::Isolation;
pub use lifespan::Lifespan;
pub use location::Location;
pub use media_type::MediaType;
pub use method::Method;
pub use mount::{Mount, Mounts, bare_host, check_app_name};
pub use multipart::read_multipart;
pub use nearest::nearest;
pub use openapi::{
    Contact, ExternalDocs, License, OpenApi, OpenApiSettings, Server, ServerVariable, Tag,
};
pub use overrides::{Origin, Origins, RouteOverride};
pub use parameter::Parameter;
pub use params::{RequestHead, append_value};
pub use path::{PathPattern, PatternError, same_path};
pub use printable::{indented, one_line};
pub use problem::Problem;
pub use refusal::Refusal;
pub use route::Route;
pub use router::{PathValues, RawPath};
pub use settings::{Defaults, Settings};
pub use status::is_bodiless;
pub use trailing_slash::TrailingSlash;
