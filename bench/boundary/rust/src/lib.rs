//! The app that the benchmarks call: a constant, JSON read and written, a text echoed,
//! and a request that keeps the CPU busy.

use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use spikard_wasm_sdk::{App, Json, Query, export, get, post, routes};

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

fn app() -> App {
    App::new("bench-boundary").routes(routes![hello, echo, text, spin])
}

export!(app());
