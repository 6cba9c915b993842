use std::cell::RefCell;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use spikard_wasm_sdk::{
    Database, HttpError, Instances, Json, Query, Router, Store, config, get, http, post, routes,
    sleep, timeout, try_join,
};

static DB: Database = Database::new("main");
static STORE: Store = Store::new("default");

#[derive(Deserialize)]
struct Rate {
    dollars: f64,
}

async fn rate(currency: &str) -> Result<f64, HttpError> {
    let url = config("rates_url")?.unwrap_or_default() + "/rates";
    let request = http::Client::new()
        .get(url)
        .query(&[("currency", currency)]);
    let rate: Rate = request.send().await?.error_for_status()?.json().await?;
    Ok(rate.dollars)
}

async fn count_notes() -> Result<Option<i64>, HttpError> {
    Ok(DB.first_as("select count(*) from notes", ()).await?)
}

#[get("/overview")]
async fn overview() -> Result<Json<Value>, HttpError> {
    let (euro, pound, notes) = try_join!(rate("EUR"), rate("GBP"), count_notes())?;
    Ok(Json(
        json!({ "euro": euro, "pound": pound, "notes": notes }),
    ))
}

#[derive(Deserialize, JsonSchema)]
struct Delay {
    #[serde(default)]
    ms: u64,
}

#[get("/report")]
async fn report(Query(delay): Query<Delay>) -> Result<Json<Value>, HttpError> {
    let report = async {
        sleep(Duration::from_millis(delay.ms)).await;
        json!({ "lines": 12 })
    };
    let report = timeout(Duration::from_secs(1), report).await;
    report
        .map(Json)
        .map_err(|_| HttpError::new(504, "the report takes too long"))
}

#[post("/export", status = 200)]
async fn export() -> Result<Json<Value>, HttpError> {
    let _in_progress = InProgress::begin().await?;
    sleep(Duration::from_millis(100)).await;
    Ok(Json(json!({ "lines": 12 })))
}

/// Marks an export as in progress until it is dropped: also when the client disconnects or the
/// deadline of the request passes.
struct InProgress;

impl InProgress {
    async fn begin() -> Result<Self, HttpError> {
        STORE.set("export", "in progress").await?;
        Ok(Self)
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        spikard_wasm_sdk::spawn(async { STORE.delete("export").await });
    }
}

type SharedRate = Shared<LocalBoxFuture<'static, Result<f64, HttpError>>>;

thread_local! {
    static EURO: RefCell<Option<SharedRate>> = const { RefCell::new(None) };
}

/// Requests that need the rate at the same time wait for one call of the service.
async fn shared_euro() -> Result<f64, HttpError> {
    let shared = EURO.with_borrow_mut(|euro| {
        euro.get_or_insert_with(|| rate("EUR").boxed_local().shared())
            .clone()
    });
    let dollars = shared.await;
    EURO.set(None);
    dollars
}

#[get("/euro", instances = Instances::Shared)]
async fn euro() -> Result<Json<Value>, HttpError> {
    Ok(Json(json!({ "dollars": shared_euro().await? })))
}

pub fn waiting() -> Router {
    Router::new()
        .tag("waiting")
        .routes(routes![overview, report, export, euro])
}
