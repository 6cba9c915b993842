//! The app of the boundary benchmarks: a constant, a JSON round trip, a text echo, a busy loop,
//! and a route with hooks.

use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use spikard_wasm_sdk::{
    App, HookReply, Json, LocalContext, Query, Route, export, get, post, routes,
};

#[get("/hello")]
fn hello() -> Value {
    json!({ "message": "Hello, World!" })
}

#[post("/echo")]
fn echo(Json(value): Json<Value>) -> Value {
    value
}

#[post("/text")]
fn text(body: String) -> String {
    body
}

#[derive(Deserialize, JsonSchema)]
struct Spin {
    ms: u64,
}

#[get("/spin")]
fn spin(Query(spin): Query<Spin>) -> Value {
    let until = Instant::now() + Duration::from_millis(spin.ms);
    while Instant::now() < until {}
    json!({ "spun": spin.ms })
}

fn count(local: LocalContext) {
    let hooks = local.get::<u32>("hooks").ok().flatten().unwrap_or(0);
    let _ = local.set("hooks", &(hooks + 1));
}

fn mark(reply: &mut HookReply) {
    reply.set_header("x-hooked", "1");
}

fn hooked(local: LocalContext) -> Value {
    json!({ "hooks": local.get::<u32>("hooks").ok().flatten().unwrap_or(0) })
}

fn app() -> App {
    let hooked = Route::get("/hooked", hooked)
        .pre_handler(count)
        .on_response(mark);
    App::new("bench-boundary")
        .routes(routes![hello, echo, text, spin])
        .route(hooked)
}

export!(app());
