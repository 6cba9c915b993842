//! The handlers of the suites with databases, other services and timers; bench/workloads defines their
//! replies.

mod fortunes;
mod worlds;

use std::time::Duration;

use futures_util::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spikard_wasm_sdk::{
    App, HttpError, IntoReply, Json, Query, Reply, config, export, get, http, routes, sleep,
};

/// Adds the header that names the server.
fn named(reply: impl IntoReply) -> Reply {
    reply.into_reply().header("server", "spikard-wasm")
}

#[get("/health")]
fn health() -> Value {
    json!({ "status": "ok" })
}

#[derive(Serialize, JsonSchema)]
struct Message {
    message: &'static str,
}

#[get("/json")]
fn json() -> Reply {
    let message = "Hello, World!";
    named(Json(Message { message }))
}

#[get("/plaintext")]
fn plaintext() -> Reply {
    named("Hello, World!")
}

#[derive(Deserialize, JsonSchema)]
struct Calls {
    calls: u32,
}

#[derive(Deserialize)]
struct Number {
    number: u64,
}

async fn call(upstream: &str, number: u32) -> Result<u64, HttpError> {
    let reply = http::get(format!("{upstream}/numbers/{number}")).await?;
    Ok(reply.json::<Number>().await?.number)
}

/// Sends all calls at once and adds the numbers of the replies.
#[get("/fetch")]
async fn fetch(Query(Calls { calls }): Query<Calls>) -> Result<Value, HttpError> {
    let upstream = config("upstream")?.unwrap_or_default();
    let numbers = try_join_all((0..calls).map(|number| call(&upstream, number))).await?;
    Ok(json!({ "calls": calls, "sum": numbers.iter().sum::<u64>() }))
}

#[derive(Deserialize, JsonSchema)]
struct Wait {
    ms: u64,
}

#[get("/wait")]
async fn wait(Query(Wait { ms }): Query<Wait>) -> Value {
    sleep(Duration::from_millis(ms)).await;
    json!({ "waited": ms })
}

/// One operation that is ready at once.
#[get("/operation")]
fn operation() -> Result<Value, HttpError> {
    Ok(json!({ "greeting": config("greeting")? }))
}

/// `operation` without the operation.
#[get("/no-operation")]
fn no_operation() -> Value {
    json!({ "greeting": "hello" })
}

fn app() -> App {
    App::new("bench-data")
        .routes(routes![
            health,
            json,
            plaintext,
            fetch,
            wait,
            operation,
            no_operation
        ])
        .routes(worlds::routes())
        .routes(fortunes::routes())
}

export!(app());
