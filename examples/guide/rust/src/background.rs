use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use spikard_wasm_sdk::{
    HttpError, Json, OperationError, Router, Store, get, post, routes, sleep, spawn,
};

static STORE: Store = Store::new("default");

#[derive(Deserialize, JsonSchema)]
struct Invitation {
    #[schemars(email)]
    email: String,
}

#[post("/", status = 202)]
async fn accept(Json(invitation): Json<Invitation>) -> Json<Value> {
    let reply = Json(json!({ "accepted": invitation.email }));
    spawn(async {
        if let Err(error) = invite(invitation.email).await {
            eprintln!("an invitation failed: {error}");
        }
    });
    reply
}

/// Runs after the reply: it takes values of the request, not the request itself.
async fn invite(email: String) -> Result<(), OperationError> {
    sleep(Duration::from_millis(20)).await; // A mail server takes its time.
    println!("invited {email}");
    STORE.increment("invitations", 1).await?;
    Ok(())
}

#[get("/count")]
async fn count() -> Result<Json<Value>, HttpError> {
    let count = STORE
        .get_text("invitations")
        .await?
        .unwrap_or_else(|| "0".to_owned());
    let count: i64 = count.parse().map_err(HttpError::internal)?;
    Ok(Json(json!({ "count": count })))
}

pub fn invitations() -> Router {
    Router::new()
        .tag("invitations")
        .routes(routes![accept, count])
}
