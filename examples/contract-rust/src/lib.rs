//! Features of the host for an app: validation, policies, hooks and contexts.
//!
//! The equivalent apps in JavaScript and Python are `contract-js` and `contract-python`.

mod items;
mod policies;

use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use spikard_wasm_sdk::{
    App, ContextError, Cors, GlobalContext, HookReply, Json, LocalContext, OpenApi, Reply, Request,
    Route, export, get, routes,
};

/// Returns the Unix time in milliseconds. Hooks and handler may run in different instances, so
/// they use wall time.
fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs_f64() * 1000.0
}

/// On request: records the time of arrival.
fn start(local: LocalContext) -> Result<(), ContextError> {
    local.set("start", &now())
}

/// On response: adds the name of the app and the elapsed time.
fn sign(reply: &mut HookReply) -> Result<(), ContextError> {
    reply.set_header("x-app", "contract");
    if let Some(start) = LocalContext::current().get::<f64>("start")? {
        reply.set_header("server-timing", format!("app;dur={:.3}", now() - start));
    }
    Ok(())
}

/// On error: returns only the request ID to the client. The log has the cause. If the host
/// rejected the request, the problem document is unchanged.
fn hide(reply: &mut HookReply, _message: &str) -> Option<Reply> {
    let hidden = json!({ "error": "internal", "request": Request::current().id() });
    (reply.status() == 500).then(|| Reply::json(&hidden).status(500))
}

/// On error, after `hide`: adds the header that every reply of a route has.
fn sign_error(reply: &mut HookReply, _message: &str) -> Result<(), ContextError> {
    // Requests without a route do not run `start`.
    if LocalContext::current().get::<f64>("start")?.is_some() {
        reply.set_header("x-app", "contract");
    }
    Ok(())
}

#[derive(Serialize, JsonSchema)]
struct Health {
    status: &'static str,
}

/// Reports that the app is healthy.
#[get("/health")]
fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

#[derive(Serialize, JsonSchema)]
struct Visits {
    visits: i64,
}

/// Counts the requests of all instances.
#[get("/visits")]
fn visits(global: GlobalContext) -> Result<Json<Visits>, ContextError> {
    let visits = global.add("visits", 1)?;
    Ok(Json(Visits { visits }))
}

/// Fails: the client does not see the cause.
#[get("/fails")]
fn fails() -> Result<(), Box<dyn Error>> {
    Err("the database is away".into())
}

#[derive(Serialize, JsonSchema)]
struct Teapot {
    teapot: bool,
}

/// Before the handler: replies in its place.
fn brew() -> Option<(u16, Json<Teapot>)> {
    Some((418, Json(Teapot { teapot: true })))
}

/// Returns the routes that demonstrate hooks.
fn hooked() -> impl IntoIterator<Item = Route> {
    let teapot = Route::get("/teapot", || "never made")
        .summary("Never gets to its handler.")
        .pre_handler(brew)
        .reply::<String>()
        .reply_with_status::<Json<Teapot>>(418);
    routes![health, visits, fails].into_iter().chain([teapot])
}

fn app() -> App {
    App::new("contract-rust")
        .version(env!("CARGO_PKG_VERSION"))
        .openapi(
            OpenApi::new()
                .title("The contract")
                .description("What the host does for an app.")
                .license_spdx("MIT or Apache 2.0", "MIT OR Apache-2.0"),
        )
        .request_id(true)
        .security_headers(true)
        .cors(Cors::new(["https://app.example"]).credentials())
        .on_request(start)
        .on_response(sign)
        .on_error(hide)
        .on_error(sign_error)
        .routes(hooked())
        .routes(items::routes())
        .routes(policies::routes())
}

export!(app());

#[cfg(test)]
mod cases;
#[cfg(test)]
mod tests;
