//! Handlers that wait: timers, a database, background work, a hook that waits, and a panic.
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spikard_wasm_sdk::{
    App, ContextError, Database, GlobalContext, HttpError, Json, NotFound, Path, Request, export,
    get, params, post, routes, sleep, spawn,
};

#[derive(Serialize, Deserialize, JsonSchema, Debug, PartialEq)]
struct User {
    id: i64,
    name: String,
    email: Option<String>,
}

static DATABASE: Database = Database::new("main");

#[get("/plain")]
fn plain() -> &'static str {
    "plain"
}

#[get("/ready")]
async fn ready() -> &'static str {
    "ready"
}

#[get("/sleep/{ms}")]
async fn wait(Path(ms): Path<u64>) -> String {
    sleep(Duration::from_millis(ms)).await;
    format!("slept {ms}, id {}", Request::current().id())
}

#[get("/users/{id}")]
async fn user(Path(id): Path<i64>) -> Result<Json<User>, HttpError> {
    let user = DATABASE
        .first_as(
            "select id, name, email from users where id = $1",
            params![id],
        )
        .await?;
    Ok(Json(user.ok_or(NotFound)?))
}

#[post("/setup", status = 201)]
async fn setup() -> Result<(), HttpError> {
    DATABASE.execute("create table if not exists users (id integer primary key, name text not null, email text)", ()).await?;
    DATABASE
        .execute("insert into users (name) values ($1)", params!["Ann"])
        .await?;
    Ok(())
}

#[post("/background", status = 202)]
async fn background() -> &'static str {
    spawn(async {
        sleep(Duration::from_millis(50)).await;
        let _ = GlobalContext::current().add("background", 1);
    });
    "accepted"
}

#[get("/background")]
fn count() -> Result<String, ContextError> {
    Ok(GlobalContext::current()
        .get::<i64>("background")?
        .unwrap_or_default()
        .to_string())
}

#[get("/panic")]
async fn panics() -> &'static str {
    sleep(Duration::from_millis(5)).await;
    panic!("boom")
}

fn app() -> App {
    App::new("slice")
        .routes(routes![
            plain, ready, wait, user, setup, background, count, panics
        ])
        .pre_handler(async |request: Request| {
            if request.header("x-wait").is_some() {
                sleep(Duration::from_millis(10)).await;
                return Some(HttpError::forbidden("no"));
            }
            None
        })
}

export!(app());
