use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spikard_wasm_sdk::{HttpError, Json, Path, Router, config, get, http, post, routes, secret};

/// Returns an address of the rates service, whose origin is a setting of the operator.
fn address(path: &str) -> Result<String, HttpError> {
    Ok(config("rates_url")?.unwrap_or_default() + path)
}

#[get("/{currency}")]
async fn find_rate(Path(currency): Path<String>) -> Result<Json<Value>, HttpError> {
    let response = http::Client::new()
        .get(address("/rates")?)
        .query(&[("currency", &currency)])
        .timeout(Duration::from_secs(2))
        .send()
        .await?;
    match response.status() {
        200 => Ok(Json(response.json().await?)),
        404 => Err(HttpError::not_found(format!("no rate of `{currency}`"))),
        status => Err(HttpError::new(
            502,
            format!("the rates service answered {status}"),
        )),
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct NewOrder {
    currency: String,
    amount: i64,
}

#[post("/orders", status = 201)]
async fn add_order(Json(order): Json<NewOrder>) -> Result<Json<Value>, HttpError> {
    let response = http::Client::new()
        .post(address("/orders")?)
        .bearer_auth(secret("rates")?.unwrap_or_default())
        .json(&order)
        .send()
        .await
        .map_err(|error| {
            eprintln!("{error}");
            HttpError::new(503, "the rates service is not available").header("retry-after", "10")
        })?;
    if !response.is_success() {
        let detail = format!("the rates service answered {}", response.status());
        return Err(HttpError::new(502, detail));
    }
    Ok(Json(response.json().await?))
}

#[get("/history/lines")]
async fn count_history() -> Result<Json<Value>, HttpError> {
    let mut response = http::get(address("/history.csv")?).await?;
    let mut lines = 0;
    while let Some(chunk) = response.chunk().await? {
        lines += chunk.iter().filter(|&&byte| byte == b'\n').count();
    }
    Ok(Json(json!({ "lines": lines })))
}

pub fn rates() -> Router {
    Router::new()
        .tag("rates")
        .routes(routes![find_rate, add_order, count_history])
}
