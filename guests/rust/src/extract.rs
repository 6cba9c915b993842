//! The arguments of handlers: parameters and bodies.

use std::fmt::Display;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::declare::Source;
use crate::{
    Body, Call, Declaration, FromBody, FromRequest, HttpError, Reply, error, host, integers,
    members, params, schema,
};

/// The path parameters. `T` is the type of a single parameter, or a tuple or struct for
/// several.
///
/// ```
/// # use spikard_wasm_sdk::{get, Path};
/// #[get("/users/{id}")]
/// fn user(Path(id): Path<u64>) -> String {
///     format!("user {id}")
/// }
///
/// #[get("/orgs/{org}/teams/{team}")]
/// fn team(Path((org, team)): Path<(String, u32)>) -> String {
///     format!("team {team} of {org}")
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path<T>(pub T);

/// Query parameters, one for each field of the struct `T`. A field with the type `Option` or
/// with `#[serde(default)]` is optional.
///
/// ```
/// # use spikard_wasm_sdk::{get, Query};
/// # use {schemars::JsonSchema, serde::Deserialize};
/// #[derive(Deserialize, JsonSchema)]
/// struct Page { number: Option<u32>, #[serde(default)] tags: Vec<String> }
///
/// #[get("/items")]
/// fn items(Query(page): Query<Page>) -> String {
///     format!("page {} of {:?}", page.number.unwrap_or(1), page.tags)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query<T>(pub T);

/// Headers, one for each field of the struct `T`. The field `x_api_key` reads the header
/// `x-api-key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headers<T>(pub T);

/// Cookies, one for each field of the struct `T`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cookies<T>(pub T);

/// A JSON body of a request or a reply. The host validates the body of a request against the
/// schema of `T`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + JsonSchema> FromRequest for Path<T> {
    fn declare(declaration: &mut Declaration<'_>) {
        declare_path(declaration, schema::of::<T>());
    }

    fn from_request(call: &mut Call<'_>) -> Result<Self, Reply> {
        params::read(call.params, call.pattern, Source::Path).map(Self)
    }
}

fn declare_path(declaration: &mut Declaration<'_>, schema: Value) {
    let names: Vec<_> = declaration.path_names().collect();
    if let Some(items) = schema.get("prefixItems").and_then(Value::as_array) {
        if items.len() != names.len() {
            let (takes, binds) = (items.len(), names.len());
            return declaration.fault(format!(
                "takes {takes} values from a path that binds {binds}"
            ));
        }
        for (name, item) in names.iter().zip(items) {
            declaration.parameter(Source::Path, name, true, schema::by_name(item.clone()));
        }
    } else if schema.get("properties").is_some() {
        let members = match members::members(&schema) {
            Ok(members) => members,
            Err(what) => {
                return declaration.fault(format!("takes a `Path<T>` where `T` has {what}"));
            }
        };
        for (name, member, required) in members {
            if names.contains(&name.as_str()) {
                declaration.parameter(Source::Path, &name, true, member);
            } else if required {
                return declaration
                    .fault(format!("takes `{name}` from a path that does not bind it"));
            }
        }
    } else if let [name] = names.as_slice() {
        let mut schema = schema::by_name(schema);
        // The title is the name of a Rust type, such as `uint64`, which clients do not know.
        schema.as_object_mut().map(|schema| schema.remove("title"));
        declaration.parameter(Source::Path, name, true, schema);
    } else if schema.get("type").is_none_or(|name| name != "object") {
        let binds = names.len();
        declaration.fault(format!(
            "takes one value from a path that binds {binds}; use a tuple or a struct"
        ));
    }
}

macro_rules! struct_of_parameters {
    ($($name:ident from $source:ident),*) => {
        $(impl<T: DeserializeOwned + JsonSchema> FromRequest for $name<T> {
            fn declare(declaration: &mut Declaration<'_>) {
                declare_members(declaration, Source::$source, stringify!($name), &schema::of::<T>());
            }

            fn from_request(call: &mut Call<'_>) -> Result<Self, Reply> {
                params::read(call.params, call.pattern, Source::$source).map(Self)
            }
        })*
    };
}

struct_of_parameters!(Query from Query, Headers from Header, Cookies from Cookie);

fn declare_members(
    declaration: &mut Declaration<'_>,
    source: Source,
    argument: &str,
    schema: &Value,
) {
    if schema.get("properties").is_none() {
        return declaration.fault(format!(
            "takes a `{argument}<T>` where `T` is not a struct with fields"
        ));
    }
    let members = match members::members(schema) {
        Ok(members) => members,
        Err(what) => {
            return declaration.fault(format!("takes a `{argument}<T>` where `T` has {what}"));
        }
    };
    for (name, member, required) in members {
        let name = if source == Source::Header {
            name.replace('_', "-")
        } else {
            name
        };
        declaration.parameter(source, &name, required, member);
    }
}

impl<T: DeserializeOwned + JsonSchema> FromRequest for Json<T> {
    fn declare(declaration: &mut Declaration<'_>) {
        declaration.body(true, &["application/json"], &schema::of::<T>());
    }

    fn from_request(call: &mut Call<'_>) -> Result<Self, Reply> {
        match call.take_body() {
            Body::Json(text) => parse(&text).map(Self),
            other => Err(unexpected(&other, "JSON")),
        }
    }
}

impl<T: DeserializeOwned + JsonSchema> FromBody for Json<T> {}

/// The body as text, whatever its content type. The client gets status 400 if the body is not
/// UTF-8.
impl FromRequest for String {
    fn declare(declaration: &mut Declaration<'_>) {
        declaration.any_body();
    }

    fn from_request(call: &mut Call<'_>) -> Result<Self, Reply> {
        match call.take_body() {
            Body::Empty => Ok(Self::new()),
            Body::Text(text) | Body::Json(text) => Ok(text),
            Body::Form(_) => utf8(host::request::raw_body()),
            Body::Bytes(bytes) => utf8(bytes),
        }
    }
}

impl FromBody for String {}

/// The body as bytes, whatever its content type.
impl FromRequest for Vec<u8> {
    fn declare(declaration: &mut Declaration<'_>) {
        declaration.raw_body();
    }

    fn from_request(call: &mut Call<'_>) -> Result<Self, Reply> {
        match call.take_body() {
            Body::Empty => Ok(Self::new()),
            Body::Bytes(bytes) => Ok(bytes),
            _ => Ok(host::request::raw_body()),
        }
    }
}

impl FromBody for Vec<u8> {}

/// The body as the host passes it. The route declares no schema for it.
impl FromRequest for Body {
    fn declare(declaration: &mut Declaration<'_>) {
        declaration.any_body();
    }

    fn from_request(call: &mut Call<'_>) -> Result<Self, Reply> {
        Ok(call.take_body())
    }
}

/// The path pattern of the route, such as `/users/{id}`. Hooks of the app can use it as a key for
/// counters and logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchedPath(pub String);

impl FromRequest for MatchedPath {
    fn from_request(call: &mut Call<'_>) -> Result<Self, Reply> {
        Ok(Self(call.pattern.to_owned()))
    }
}

/// An optional body.
impl<T: FromBody> FromRequest for Option<T> {
    fn declare(declaration: &mut Declaration<'_>) {
        T::declare(declaration);
        declaration.optional_body();
    }

    fn from_request(call: &mut Call<'_>) -> Result<Self, Reply> {
        match call.body {
            Body::Empty => Ok(None),
            _ => T::from_request(call).map(Some),
        }
    }
}

impl Body {
    /// Reads a JSON body that the route does not declare.
    ///
    /// # Errors
    /// A reply with status 415 if the body is not JSON, or 422 if it is not a `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Reply> {
        match self {
            Self::Json(text) => parse(text),
            other => Err(unexpected(other, "JSON")),
        }
    }

    /// Reads a form that the route does not declare. Its fields are strings.
    ///
    /// # Errors
    /// A reply with status 415 if the body is not a form, or 422 if it is not a `T`.
    pub fn form<T: DeserializeOwned>(&self) -> Result<T, Reply> {
        match self {
            Self::Form(text) => parse(text),
            other => Err(unexpected(other, "a form")),
        }
    }
}

pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Reply> {
    integers::read(text, |text| serde_json::from_str(text)).map_err(invalid_body)
}

fn invalid_body(cause: impl Display) -> Reply {
    error::invalid(&["body"], &cause.to_string())
}

/// Returns the reply to a body of another kind than the handler expects.
pub(crate) fn unexpected(body: &Body, expected: &str) -> Reply {
    match body {
        Body::Empty => {
            HttpError::new(422, format!("the request has no body; send {expected}")).into()
        }
        _ => HttpError::new(415, format!("the request's body is not {expected}")).into(),
    }
}

fn utf8(bytes: Vec<u8>) -> Result<String, Reply> {
    String::from_utf8(bytes)
        .map_err(|_| HttpError::new(400, "the request's body is not UTF-8 text").into())
}
