use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spikard_wasm_sdk::{HttpError, Json, Path, Router, Store, get, post, put, routes};

static STORE: Store = Store::new("default");

const WEEK: Duration = Duration::from_hours(7 * 24);

#[derive(Default, Serialize, Deserialize, JsonSchema)]
struct Cart {
    items: Vec<String>,
}

#[put("/{user}")]
async fn save_cart(Path(user): Path<String>, Json(cart): Json<Cart>) -> Result<(), HttpError> {
    let text = json!(cart).to_string();
    Ok(STORE
        .set_with_ttl(&format!("cart:{user}"), text, WEEK)
        .await?)
}

#[get("/{user}")]
async fn find_cart(Path(user): Path<String>) -> Result<Json<Cart>, HttpError> {
    let cart = STORE.get_json(&format!("cart:{user}")).await?;
    Ok(Json(cart.unwrap_or_default()))
}

/// Gives each order the next number, also when two arrive at the same time.
#[post("/{user}/order")]
async fn order(Path(user): Path<String>) -> Result<Json<Value>, HttpError> {
    let lock = format!("ordering:{user}");
    if !STORE.swap(&lock, None, "1").await? {
        return Err(HttpError::conflict("the order is in progress"));
    }
    let number = place_order(&user).await;
    STORE.delete(&lock).await?;
    Ok(Json(json!({ "number": number? })))
}

async fn place_order(user: &str) -> Result<i64, HttpError> {
    let number = STORE.increment("orders", 1).await?;
    STORE.delete(&format!("cart:{user}")).await?;
    Ok(number)
}

pub fn carts() -> Router {
    Router::new()
        .tag("carts")
        .routes(routes![save_cart, find_cart, order])
}
