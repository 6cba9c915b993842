use std::cell::RefCell;
use std::collections::HashSet;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use spikard_wasm_sdk::{
    Config, HttpError, Json, OperationError, Router, Store, get, post, routes, sleep, spawn,
};

use crate::settings::Settings;

static STORE: Store = Store::new("default");

#[derive(Deserialize, JsonSchema)]
struct Invitation {
    #[schemars(email)]
    email: String,
}

#[post("/", status = 202)]
async fn accept(Json(invitation): Json<Invitation>) -> Result<Json<Value>, HttpError> {
    if BLOCKED.with_borrow(|blocked| blocked.contains(&invitation.email)) {
        return Err(HttpError::forbidden(format!(
            "`{}` is blocked",
            invitation.email
        )));
    }
    let reply = Json(json!({ "accepted": invitation.email }));
    spawn(async {
        if let Err(error) = invite(invitation.email).await {
            eprintln!("an invitation failed: {error}");
        }
    });
    Ok(reply)
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

/// Runs once per host, before it accepts connections.
pub async fn prepare_invitations() -> Result<(), OperationError> {
    STORE.swap("invitations", None, "0").await?;
    Ok(())
}

thread_local! {
    static BLOCKED: RefCell<HashSet<String>> = RefCell::default();
}

/// Runs in each instance, before its first request.
pub fn load_blocked(Config(settings): Config<Settings>) {
    BLOCKED.set(settings.blocked.split(',').map(str::to_owned).collect());
}

/// Runs once per host, after the last request.
pub async fn report_invitations() -> Result<(), OperationError> {
    println!(
        "invitations: {}",
        STORE.get_text("invitations").await?.unwrap_or_default()
    );
    Ok(())
}

pub fn invitations() -> Router {
    Router::new()
        .tag("invitations")
        .routes(routes![accept, count])
}
