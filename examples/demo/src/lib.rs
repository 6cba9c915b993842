//! The demo app: a start page and a few routes to try. `spikard-wasm serve` serves it if the
//! command names no app.

mod page;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use spikard_wasm_sdk::{App, Html, Json, Path, Query, Request, export, get, post, routes};

/// This page.
///
/// Try `/`.
#[get("/")]
fn home(request: Request) -> Html<String> {
    let host = request
        .header("host")
        .unwrap_or_else(|| "127.0.0.1:8000".to_owned());
    Html(page::render(&host, app().infos()))
}

#[derive(Deserialize, JsonSchema)]
struct Greeting {
    shout: Option<bool>,
}

/// Greets by name: a path parameter, and a boolean in the query.
///
/// Try `/hello/World?shout=true`.
#[get("/hello/{name}")]
fn hello(Path(name): Path<String>, Query(greeting): Query<Greeting>) -> Value {
    let message = format!("Hello, {name}!");
    let shout = greeting.shout == Some(true);
    json!({ "message": if shout { message.to_uppercase() } else { message } })
}

/// Sends JSON back.
///
/// Try `-d '{"hello": "world"}'`.
#[post("/echo")]
fn echo(Json(body): Json<Value>) -> Value {
    body
}

#[derive(Deserialize, JsonSchema)]
struct Terms {
    a: i32,
    b: i32,
}

/// Adds two integers; the host refuses anything else with status 422.
///
/// Try `/sum?a=1&b=2`.
#[get("/sum")]
fn sum(Query(terms): Query<Terms>) -> Value {
    json!({ "sum": i64::from(terms.a) + i64::from(terms.b) })
}

/// Reports that the app is healthy.
///
/// Try `/health`.
#[get("/health")]
fn health() -> Value {
    json!({ "status": "ok" })
}

fn app() -> App {
    App::new("demo")
        .version(env!("CARGO_PKG_VERSION"))
        .routes(routes![home, hello, echo, sum, health])
}

export!(app());

#[cfg(test)]
mod tests {
    use spikard_wasm_sdk::testing::TestClient;

    use super::*;

    #[test]
    fn the_page_lists_every_route_with_something_to_try() {
        let reply = TestClient::new(app())
            .get("/")
            .header("host", "<b>:80")
            .send();
        assert_eq!(
            reply.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        let page = reply.text();
        assert!(page.contains("spikard-wasm is running"), "{page}");
        for info in app().infos() {
            assert!(
                page.contains(&format!("<code>{}</code>", info.path)),
                "{}",
                info.path
            );
        }
        assert!(page.contains(r#"<a href="/sum?a=1&amp;b=2">"#), "{page}");
        assert!(page.contains("curl http://&lt;b&gt;:80/echo"), "{page}");
        assert!(!page.contains("<b>:80"), "{page}");
    }

    #[test]
    fn the_routes_answer() {
        let client = TestClient::new(app());
        assert_eq!(
            client.get("/hello/Ann?shout=true").send().json::<Value>(),
            json!({"message": "HELLO, ANN!"})
        );
        assert_eq!(
            client.get("/hello/Ann").send().json::<Value>(),
            json!({"message": "Hello, Ann!"})
        );
        assert_eq!(
            client.get("/sum?a=2147483647&b=1").send().json::<Value>(),
            json!({"sum": 2_147_483_648_i64})
        );
        assert_eq!(client.get("/sum?a=1&b=x").send().status(), 422);
        assert_eq!(
            client.post("/echo").json(&json!([null])).send().text(),
            "[null]"
        );
        assert_eq!(
            client.get("/health").send().json::<Value>(),
            json!({"status": "ok"})
        );
    }
}
