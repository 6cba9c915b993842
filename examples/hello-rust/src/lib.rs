//! A first app: a greeting, path and query parameters, and a validated JSON body.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spikard_wasm_sdk::{App, Json, Path, Query, export, get, post, routes};

#[get("/")]
fn home() -> Value {
    json!({ "message": "Hello, World!" })
}

#[derive(Deserialize, JsonSchema)]
struct Greeting {
    shout: Option<bool>,
}

/// Greets by name, as plain text.
#[get("/hello/{name}")]
fn hello(Path(name): Path<String>, Query(greeting): Query<Greeting>) -> String {
    let text = format!("Hello, {name}!");
    if greeting.shout == Some(true) {
        text.to_uppercase()
    } else {
        text
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Item {
    name: String,
    #[schemars(range(min = 0))]
    price: f64,
    #[serde(default)]
    tags: Vec<String>,
}

/// Creates an item. The host has validated it against the type `Item`.
#[post("/items", status = 201)]
fn create_item(Json(item): Json<Item>) -> Json<Item> {
    Json(item)
}

fn app() -> App {
    App::new("hello-rust")
        .version(env!("CARGO_PKG_VERSION"))
        .routes(routes![home, hello, create_item])
}

export!(app());

#[cfg(test)]
mod tests {
    use spikard_wasm_sdk::testing::TestClient;

    use super::*;

    #[test]
    fn it_greets() {
        let client = TestClient::new(app());
        assert_eq!(
            client.get("/").send().text(),
            r#"{"message":"Hello, World!"}"#
        );
        assert_eq!(client.get("/hello/Ann").send().text(), "Hello, Ann!");
        assert_eq!(
            client.get("/hello/Ann?shout=true").send().text(),
            "HELLO, ANN!"
        );
    }

    #[test]
    fn an_item_needs_its_body() {
        let client = TestClient::new(app());
        let made = client
            .post("/items")
            .json(&json!({ "name": "pen", "price": 2.5 }))
            .send();
        assert_eq!(made.status(), 201);
        assert_eq!(
            made.json::<Value>(),
            json!({ "name": "pen", "price": 2.5, "tags": [] })
        );
        assert_eq!(client.post("/items").send().status(), 422);
    }
}
