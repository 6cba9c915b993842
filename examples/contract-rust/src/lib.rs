//! What the host does for an app: checks, policies, hooks and contexts.
//!
//! The apps `contract-js` and `contract-python` beside this one answer alike.

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

/// Milliseconds since 1970. Hooks and handler may run in instances apart, so they
/// share the clock on the wall.
fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs_f64() * 1000.0
}

/// On request: notes when it came.
fn start(local: LocalContext) -> Result<(), ContextError> {
    local.set("start", &now())
}

/// On response: says whose reply it is, and how long it took.
fn sign(reply: &mut HookReply) -> Result<(), ContextError> {
    reply.set_header("x-app", "contract");
    if let Some(start) = LocalContext::current().get::<f64>("start")? {
        reply.set_header("server-timing", format!("app;dur={:.3}", now() - start));
    }
    Ok(())
}

/// On error: tells the client no more than the id to ask about. What happened is in
/// the log. A request that the host refused keeps its problem document.
fn hide(reply: &mut HookReply, _message: &str) -> Option<Reply> {
    let hidden = json!({ "error": "internal", "request": Request::current().id() });
    (reply.status() == 500).then(|| Reply::json(&hidden).status(500))
}

/// On error, after `hide`: the mark of every reply.
fn sign_error(reply: &mut HookReply, _message: &str) {
    reply.set_header("x-app", "contract");
}

#[derive(Serialize, JsonSchema)]
struct Health {
    status: &'static str,
}

/// Says that the app is well.
#[get("/health")]
fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

#[derive(Serialize, JsonSchema)]
struct Visits {
    visits: i64,
}

/// How often it was asked for, whichever instance answered.
#[get("/visits")]
fn visits(global: GlobalContext) -> Result<Json<Visits>, ContextError> {
    let visits = global.add("visits", 1)?;
    Ok(Json(Visits { visits }))
}

/// Fails: the client learns nothing of the reason.
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

/// The routes whose point is a hook.
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
mod tests;
