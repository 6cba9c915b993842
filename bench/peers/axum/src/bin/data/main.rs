//! The workloads with databases, other services and timers, on axum.
//!
//! `DATABASE_URL` is `postgres://...` or `sqlite:PATH`, `UPSTREAM_URL` the address of the upstream.

mod database;
mod fortunes;
mod postgres;
mod sqlite;
mod upstream;

use std::io::{Error, Result};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::header::SERVER;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::{Html, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use database::{Database, World};
use upstream::Upstream;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The values that the handlers use.
struct App {
    database: Option<Database>,
    upstream: Upstream,
    worlds: OnceCell<Vec<World>>,
}

type Failure = (StatusCode, String);

fn failed(error: impl std::fmt::Display) -> Failure {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

impl App {
    fn database(&self) -> std::result::Result<&Database, Failure> {
        let missing = || failed("`DATABASE_URL` is not set");
        self.database.as_ref().ok_or_else(missing)
    }
}

/// The number of rows; text that is not a number counts as 1.
#[derive(Deserialize)]
struct Rows {
    #[serde(alias = "count")]
    queries: Option<String>,
}

impl Rows {
    fn number(&self) -> usize {
        let number = self.queries.as_deref().and_then(|text| text.parse().ok());
        number.unwrap_or(1_i64).clamp(1, 500) as usize
    }
}

type Reply<T> = std::result::Result<Json<T>, Failure>;

async fn one(State(app): State<Arc<App>>) -> Reply<World> {
    let world = app.database()?.world(database::random()).await;
    Ok(Json(world.map_err(failed)?))
}

async fn queries(State(app): State<Arc<App>>, Query(rows): Query<Rows>) -> Reply<Vec<World>> {
    let worlds = app.database()?.worlds(rows.number()).await;
    Ok(Json(worlds.map_err(failed)?))
}

async fn updates(State(app): State<Arc<App>>, Query(rows): Query<Rows>) -> Reply<Vec<World>> {
    let worlds = app.database()?.update(rows.number()).await;
    Ok(Json(worlds.map_err(failed)?))
}

async fn fortunes(State(app): State<Arc<App>>) -> std::result::Result<Html<String>, Failure> {
    let found = app.database()?.fortunes().await.map_err(failed)?;
    Ok(Html(fortunes::page(found)))
}

async fn cached(State(app): State<Arc<App>>, Query(rows): Query<Rows>) -> Reply<Vec<World>> {
    let database = app.database()?;
    let worlds = app.worlds.get_or_try_init(|| database.all()).await;
    let worlds = worlds.map_err(failed)?;
    let some = (0..rows.number()).map(|_| worlds[database::random() as usize - 1]);
    Ok(Json(some.collect()))
}

#[derive(Deserialize)]
struct Calls {
    calls: u32,
}

async fn fetch(State(app): State<Arc<App>>, Query(Calls { calls }): Query<Calls>) -> Reply<Value> {
    let sum = app.upstream.sum(calls).await.map_err(failed)?;
    Ok(Json(json!({ "calls": calls, "sum": sum })))
}

#[derive(Deserialize)]
struct Wait {
    ms: u64,
}

async fn wait(Query(Wait { ms }): Query<Wait>) -> Json<Value> {
    tokio::time::sleep(Duration::from_millis(ms)).await;
    Json(json!({ "waited": ms }))
}

fn routes(app: App) -> Router {
    Router::new()
        .route("/health", get(async || Json(json!({ "status": "ok" }))))
        .route(
            "/json",
            get(async || Json(json!({ "message": "Hello, World!" }))),
        )
        .route("/plaintext", get(async || "Hello, World!"))
        .route("/db", get(one))
        .route("/queries", get(queries))
        .route("/updates", get(updates))
        .route("/fortunes", get(fortunes))
        .route("/cached-queries", get(cached))
        .route("/fetch", get(fetch))
        .route("/wait", get(wait))
        .layer(map_response(async |mut response: Response| {
            let name = HeaderValue::from_static("axum");
            response.headers_mut().insert(SERVER, name);
            response
        }))
        .with_state(Arc::new(app))
}

fn main() -> Result<()> {
    bench_peer_axum::run(async |threads| {
        let database = match std::env::var("DATABASE_URL") {
            Ok(url) => Some(Database::open(&url, threads).await.map_err(Error::other)?),
            Err(_) => None,
        };
        Ok(routes(App {
            database,
            upstream: Upstream::new(std::env::var("UPSTREAM_URL").unwrap_or_default()),
            worlds: OnceCell::new(),
        }))
    })
}
