use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spikard_wasm_sdk::{
    Claims, Database, HttpError, Json, Jwt, Router, Secret, get, jwt, params, password, post,
    routes,
};

static DB: Database = Database::new("main");

#[derive(Deserialize, JsonSchema)]
struct Credentials {
    #[schemars(length(min = 1))]
    name: String,
    #[schemars(length(min = 8))]
    password: String,
}

#[post("/", status = 201)]
async fn register(Json(new): Json<Credentials>) -> Result<Json<Value>, HttpError> {
    let hash = password::hash(&new.password).await?;
    let sql = "insert into accounts (name, password_hash) values ($1, $2) returning id";
    match DB.first_as::<i64>(sql, params![new.name, hash]).await {
        Ok(id) => Ok(Json(json!({ "id": id, "name": new.name }))),
        Err(error) if error.is_unique() => Err(HttpError::conflict(format!(
            "the name `{}` is taken",
            new.name
        ))),
        Err(error) => Err(error.into()),
    }
}

#[derive(Serialize, Deserialize)]
struct Identity {
    sub: String,
    name: String,
}

#[post("/login")]
async fn log_in(Json(given): Json<Credentials>) -> Result<Json<Value>, HttpError> {
    let sql = "select id, password_hash from accounts where name = $1";
    let account: Option<(i64, String)> = DB.first_as(sql, params![given.name]).await?;
    let wrong = || HttpError::unauthorized("wrong name or password");
    let (id, hash) = account.ok_or_else(wrong)?;
    if !password::verify(&given.password, &hash).await? {
        return Err(wrong());
    }
    let key = jwt::Key::secret("jwt").expires_in(Duration::from_hours(1));
    let claims = Identity {
        sub: id.to_string(),
        name: given.name,
    };
    Ok(Json(json!({ "token": jwt::sign(&key, &claims).await? })))
}

/// The host checks the token: the handler runs only with a valid one.
#[get("/me", jwt = Jwt::hs256(Secret::named("jwt")))]
fn current_account(Claims(claims): Claims<Identity>) -> Result<Json<Value>, HttpError> {
    let id: i64 = claims.sub.parse().map_err(HttpError::internal)?;
    Ok(Json(json!({ "id": id, "name": claims.name })))
}

pub fn accounts() -> Router {
    Router::new()
        .tag("accounts")
        .routes(routes![register, log_in, current_account])
}
