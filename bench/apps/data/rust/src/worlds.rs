//! The handlers that read and write the table `world`.

use std::cell::OnceCell;
use std::fmt::Write as _;

use futures_util::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spikard_wasm_sdk::{
    Database, HttpError, Json, NotFound, OperationError, Params, Query, Reply, Route, get, params,
    routes,
};

use crate::named;

pub(crate) static DATABASE: Database = Database::new("main");

const WORLD: &str = "select id, randomnumber from world where id = $1";

/// A row of the table `world`.
#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
struct World {
    id: i32,
    #[serde(rename(serialize = "randomNumber"))]
    randomnumber: i32,
}

/// The number of rows; text that is not a number counts as 1.
#[derive(Deserialize, JsonSchema)]
struct Queries {
    queries: Option<String>,
}

/// The number of rows, as [`Queries`].
#[derive(Deserialize, JsonSchema)]
struct Count {
    count: Option<String>,
}

fn number(text: Option<&str>) -> usize {
    let number = text.and_then(|text| text.parse().ok()).unwrap_or(1_i64);
    number.clamp(1, 500) as usize
}

/// Returns a random id, or a random value.
fn random() -> i32 {
    fastrand::i32(1..=10_000)
}

async fn read() -> Result<World, HttpError> {
    let world = DATABASE.first_as(WORLD, params![random()]).await?;
    Ok(world.ok_or(NotFound)?)
}

async fn read_some(number: usize) -> Result<Vec<World>, HttpError> {
    try_join_all((0..number).map(|_| read())).await
}

#[get("/db")]
async fn db() -> Result<Reply, HttpError> {
    Ok(named(Json(read().await?)))
}

#[get("/queries")]
async fn queries(Query(Queries { queries }): Query<Queries>) -> Result<Reply, HttpError> {
    let worlds = read_some(number(queries.as_deref())).await?;
    Ok(named(Json(worlds)))
}

#[get("/updates")]
async fn updates(Query(Queries { queries }): Query<Queries>) -> Result<Reply, HttpError> {
    let mut worlds = read_some(number(queries.as_deref())).await?;
    for world in &mut worlds {
        world.randomnumber = random();
    }
    write(&worlds).await?;
    Ok(named(Json(worlds)))
}

/// Writes all rows with one statement, sorted by id so that two updates cannot deadlock.
async fn write(worlds: &[World]) -> Result<(), OperationError> {
    let mut sorted = worlds.to_vec();
    sorted.sort_unstable_by_key(|world| world.id);
    let (mut rows, mut params) = (String::new(), Params::new());
    for (index, world) in sorted.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        let (id, value) = (2 * index + 1, 2 * index + 2);
        let _ = write!(
            rows,
            "{separator}(cast(${id} as integer), cast(${value} as integer))"
        );
        params.push(&world.id);
        params.push(&world.randomnumber);
    }
    let sql = format!(
        "update world set randomnumber = fresh.column2 from (values {rows}) as fresh where world.id = fresh.column1"
    );
    DATABASE.execute(&sql, params).await?;
    Ok(())
}

thread_local! {
    /// The rows of `world` in the order of their ids; each instance reads them once.
    static CACHE: OnceCell<Vec<World>> = const { OnceCell::new() };
}

#[get("/cached-queries")]
async fn cached_queries(Query(Count { count }): Query<Count>) -> Result<Reply, HttpError> {
    if CACHE.with(|cache| cache.get().is_none()) {
        let all = "select id, randomnumber from world order by id";
        let worlds = DATABASE.query_as(all, params![]).await?;
        CACHE.with(|cache| _ = cache.set(worlds));
    }
    let number = number(count.as_deref());
    let some: Vec<World> = CACHE.with(|cache| {
        let worlds = cache.get().map(Vec::as_slice).unwrap_or_default();
        (0..number).map(|_| worlds[random() as usize - 1]).collect()
    });
    Ok(named(Json(some)))
}

pub(crate) fn routes() -> Vec<Route> {
    routes![db, queries, updates, cached_queries].into()
}
