//! The handlers of the suite `core`; bench/workloads defines their replies.

use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spikard_wasm_sdk::{App, Json, LocalContext, Path, Query, Route, export, get, post, routes};

#[get("/health")]
fn health() -> Value {
    json!({ "status": "ok" })
}

#[get("/hello")]
fn hello() -> Value {
    json!({ "message": "Hello, World!" })
}

#[post("/echo")]
fn echo(Json(value): Json<Value>) -> Value {
    value
}

/// A text of the validated body.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Text(#[schemars(length(min = 1, max = 64))] String);

/// An integer of the validated body.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Count(#[schemars(range(min = 0))] i64);

/// A number of the validated body.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Price(#[schemars(range(min = 0))] f64);

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Twenty {
    text0: Text,
    text1: Text,
    text2: Text,
    text3: Text,
    text4: Text,
    count0: Count,
    count1: Count,
    count2: Count,
    count3: Count,
    count4: Count,
    price0: Price,
    price1: Price,
    price2: Price,
    price3: Price,
    price4: Price,
    flag0: bool,
    flag1: bool,
    flag2: bool,
    flag3: bool,
    flag4: bool,
}

#[post("/validated-20")]
fn validated(body: Json<Twenty>) -> Json<Twenty> {
    body
}

fn count(local: LocalContext) {
    let hooks = local.get::<u32>("hooks").ok().flatten().unwrap_or(0);
    let _ = local.set("hooks", &(hooks + 1));
}

fn hooks(local: LocalContext) -> Value {
    json!({ "hooks": local.get::<u32>("hooks").ok().flatten().unwrap_or(0) })
}

#[derive(Deserialize, JsonSchema)]
struct Work {
    seed: u32,
    rounds: u32,
}

#[get("/cpu")]
fn cpu(Query(work): Query<Work>) -> Value {
    let mut value = 2_166_136_261_u32 ^ work.seed;
    for round in 0..work.rounds {
        value = (value ^ (round & 255)).wrapping_mul(16_777_619);
    }
    json!({ "hash": value })
}

struct Item {
    id: u32,
    name: String,
    tags: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
struct Items {
    items: u32,
}

#[get("/allocate")]
fn allocate(Query(Items { items }): Query<Items>) -> Value {
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
    json!({ "items": all.len(), "kept": kept.len(), "bytes": bytes })
}

#[derive(Deserialize, JsonSchema)]
struct Slow {
    ms: u64,
}

#[get("/slow")]
fn slow(Query(Slow { ms }): Query<Slow>) -> Value {
    std::thread::sleep(Duration::from_millis(ms));
    json!({ "slept": ms })
}

#[derive(Deserialize, JsonSchema)]
struct Spin {
    ms: u64,
}

#[get("/spin")]
fn spin(Query(Spin { ms }): Query<Spin>) -> Value {
    let until = Instant::now() + Duration::from_millis(ms);
    while Instant::now() < until {}
    json!({ "spun": ms })
}

fn app() -> App {
    let mut app = App::new("bench-app")
        .routes(routes![
            health, hello, echo, validated, cpu, allocate, slow, spin
        ])
        .route(Route::get("/hooks/0", hooks_of_none))
        .route(Route::get("/hooks/1", hooks).pre_handler(count))
        .route(
            Route::get("/hooks/3", hooks)
                .pre_handler(count)
                .pre_handler(count)
                .pre_handler(count),
        );
    for route in 0..more_routes() {
        let handler = move |Path(id): Path<String>| json!({ "route": route, "id": id });
        app = app.route(Route::get(format!("/routes/r{route}/{{id}}"), handler));
    }
    app
}

/// Returns the number of extra numbered routes that the workload or load requires. Each
/// instance builds the app and reads the variable.
fn more_routes() -> u32 {
    match std::env::var("MORE_ROUTES") {
        Ok(number) => number
            .parse()
            .unwrap_or_else(|_| panic!("`MORE_ROUTES` is `{number}`: use a whole number")),
        Err(_) => 0,
    }
}

/// The handler of the route without hooks, which does not read a value from the host.
fn hooks_of_none() -> Value {
    json!({ "hooks": 0 })
}

export!(app());
