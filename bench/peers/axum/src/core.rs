//! The workloads of the suite `core`.

use std::time::{Duration, Instant};

use axum::extract::{Path, Query, Request};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

async fn hello() -> Json<Value> {
    Json(json!({ "message": "Hello, World!" }))
}

async fn echo(Json(value): Json<Value>) -> Json<Value> {
    Json(value)
}

async fn text(body: String) -> String {
    body
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Twenty {
    text0: String,
    text1: String,
    text2: String,
    text3: String,
    text4: String,
    count0: i64,
    count1: i64,
    count2: i64,
    count3: i64,
    count4: i64,
    price0: f64,
    price1: f64,
    price2: f64,
    price3: f64,
    price4: f64,
    flag0: bool,
    flag1: bool,
    flag2: bool,
    flag3: bool,
    flag4: bool,
}

impl Twenty {
    fn is_valid(&self) -> bool {
        let texts = [
            &self.text0,
            &self.text1,
            &self.text2,
            &self.text3,
            &self.text4,
        ];
        let counts = [
            self.count0,
            self.count1,
            self.count2,
            self.count3,
            self.count4,
        ];
        let prices = [
            self.price0,
            self.price1,
            self.price2,
            self.price3,
            self.price4,
        ];
        texts
            .iter()
            .all(|text| (1..=64).contains(&text.chars().count()))
            && counts.iter().all(|count| *count >= 0)
            && prices.iter().all(|price| *price >= 0.0)
    }
}

async fn validated(Json(body): Json<Twenty>) -> Result<Json<Twenty>, (StatusCode, &'static str)> {
    match body.is_valid() {
        true => Ok(Json(body)),
        false => Err((StatusCode::UNPROCESSABLE_ENTITY, "a member is out of range")),
    }
}

/// The number of functions that ran before the handler.
#[derive(Clone, Copy)]
struct Hooks(u32);

async fn count(mut request: Request, next: Next) -> Response {
    let before = request
        .extensions()
        .get::<Hooks>()
        .map_or(0, |hooks| hooks.0);
    request.extensions_mut().insert(Hooks(before + 1));
    next.run(request).await
}

async fn hooks(Extension(hooks): Extension<Hooks>) -> Json<Value> {
    Json(json!({ "hooks": hooks.0 }))
}

#[derive(Deserialize)]
struct Work {
    seed: u32,
    rounds: u32,
}

async fn cpu(Query(work): Query<Work>) -> Json<Value> {
    let mut value = 2_166_136_261_u32 ^ work.seed;
    for round in 0..work.rounds {
        value = (value ^ (round & 255)).wrapping_mul(16_777_619);
    }
    Json(json!({ "hash": value }))
}

struct Item {
    id: u32,
    name: String,
    tags: Vec<String>,
}

#[derive(Deserialize)]
struct Items {
    items: u32,
}

async fn allocate(Query(Items { items }): Query<Items>) -> Json<Value> {
    let item = |id| Item {
        id,
        name: format!("item-{id}"),
        tags: vec![format!("a{id}"), format!("b{id}")],
    };
    let all: Vec<Item> = (0..items).map(item).collect();
    let kept: Vec<&Item> = all
        .iter()
        .filter(|item| item.id % 3 == 0 && item.tags.len() == 2)
        .collect();
    let bytes: usize = kept.iter().map(|item| item.name.len()).sum();
    Json(json!({ "items": all.len(), "kept": kept.len(), "bytes": bytes }))
}

#[derive(Deserialize)]
struct Slow {
    ms: u64,
}

async fn slow(Query(Slow { ms }): Query<Slow>) -> Json<Value> {
    tokio::time::sleep(Duration::from_millis(ms)).await;
    Json(json!({ "slept": ms }))
}

#[derive(Deserialize)]
struct Spin {
    ms: u64,
}

/// Blocks its thread, like a handler that computes without yielding.
async fn spin(Query(Spin { ms }): Query<Spin>) -> Json<Value> {
    let until = Instant::now() + Duration::from_millis(ms);
    while Instant::now() < until {}
    Json(json!({ "spun": ms }))
}

/// Returns the routes of the suite and `numbered` extra ones.
pub(crate) fn routes(numbered: u32) -> Router {
    let health = get(async || Json(json!({ "status": "ok" })));
    let mut routes = Router::new()
        .route("/", health.clone())
        .route("/health", health)
        .route("/hello", get(hello))
        .route("/echo", post(echo))
        .route("/text", post(text))
        .route("/validated-20", post(validated))
        .route("/hooks/0", get(async || Json(json!({ "hooks": 0 }))))
        .route("/hooks/1", get(hooks).layer(from_fn(count)))
        .route(
            "/hooks/3",
            get(hooks)
                .layer(from_fn(count))
                .layer(from_fn(count))
                .layer(from_fn(count)),
        )
        .route("/cpu", get(cpu))
        .route("/allocate", get(allocate))
        .route("/slow", get(slow))
        .route("/spin", get(spin));
    for route in 0..numbered {
        let handler = async move |Path(id): Path<String>| Json(json!({ "route": route, "id": id }));
        routes = routes.route(&format!("/routes/r{route}/{{id}}"), get(handler));
    }
    routes
}
