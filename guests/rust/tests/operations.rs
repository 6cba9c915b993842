//! Handlers that wait for operations.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spikard_wasm_sdk::testing::TestClient;
use spikard_wasm_sdk::{
    App, Database, HttpError, Json, NotFound, Path, Route, get, params, post, routes, sleep,
};

#[derive(Serialize, Deserialize, JsonSchema, Debug, PartialEq)]
struct User {
    id: i64,
    name: String,
    email: Option<String>,
}

static DATABASE: Database = Database::new("main");

#[get("/users/{id}")]
async fn user(Path(id): Path<i64>) -> Result<Json<User>, HttpError> {
    sleep(Duration::from_millis(20)).await;
    let user = DATABASE
        .first_as(
            "select id, name, email from users where id = $1",
            params![id],
        )
        .await?;
    Ok(Json(user.ok_or(NotFound)?))
}

#[post("/users", status = 201)]
async fn create(Json(user): Json<User>) -> Result<Json<i64>, HttpError> {
    let done = DATABASE
        .execute(
            "insert into users (name, email) values ($1, $2)",
            params![user.name, user.email],
        )
        .await?;
    Ok(Json(done.last_id.unwrap_or_default()))
}

fn client() -> TestClient {
    let app = App::new("users")
        .routes(routes![user, create])
        .route(Route::get("/closure", async || {
            sleep(Duration::from_secs(1)).await;
            "waited"
        }));
    TestClient::new(app).with_database(
        "main",
        "create table users (id integer primary key, name text not null, email text);
         insert into users (name) values ('Ann')",
    )
}

#[test]
fn an_async_handler_waits() {
    let client = client();
    assert_eq!(client.get("/closure").send().text(), "waited");
    assert_eq!(client.elapsed(), Duration::from_secs(1));
    let found: User = client.get("/users/1").send().json();
    assert_eq!(
        found,
        User {
            id: 1,
            name: "Ann".to_owned(),
            email: None
        }
    );
    assert_eq!(client.get("/users/2").send().status(), 404);
    let created = client
        .post("/users")
        .json(&User {
            id: 0,
            name: "Bo".to_owned(),
            email: Some("b@c".to_owned()),
        })
        .send();
    assert_eq!((created.status(), created.text()), (201, "2"));
}
