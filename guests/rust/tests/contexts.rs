//! Tests of contexts and claims as users write them, through the test client.

use std::error::Error;

use serde::Deserialize;
use serde_json::{Value, json};
use spikard_wasm_sdk::testing::TestClient;
use spikard_wasm_sdk::{App, Claims, GlobalContext, Json, LocalContext, Route};

type AnyResult<T> = Result<T, Box<dyn Error>>;

#[test]
fn a_local_context_ends_with_its_request_and_a_global_one_does_not() {
    let app = App::new("app")
        .route(Route::get("/visits", |global: GlobalContext| {
            global.add("visits", 1).map(|sum| sum.to_string())
        }))
        .route(Route::get("/local", |local: LocalContext| {
            let before: Option<u8> = local.get("n")?;
            local.set("n", &1u8)?;
            local.set("m", &[1, 2])?;
            local.remove("m")?;
            let (n, m) = (local.get::<u8>("n")?, local.get::<Value>("m")?);
            AnyResult::Ok(Json((before, n, m)))
        }))
        .route(Route::get("/swap", |global: GlobalContext| {
            let none = global.swap("s", None, Some("one"))?;
            let wrong = global.swap("s", None, Some("two"))?;
            let right = global.swap("s", Some("one"), Some("two"))?;
            let updated = global.update("s", |text: Option<String>| text.map(|text| text + "!"))?;
            let read: Option<String> = global.get("s")?;
            global.remove("s")?;
            AnyResult::Ok(Json((none, wrong, right, updated, read)))
        }));
    let client = TestClient::new(app);
    for expected in ["1", "2", "3"] {
        assert_eq!(client.get("/visits").send().text(), expected);
    }
    assert_eq!(client.global::<i64>("visits"), Some(3));
    for _ in 0..2 {
        assert_eq!(client.get("/local").send().text(), "[null,1,null]");
    }
    assert_eq!(
        client.get("/swap").send().text(),
        r#"[true,false,true,"two!","two!"]"#
    );
    assert_eq!(client.global::<String>("s"), None);
}

#[test]
fn what_a_context_refuses_is_an_error() {
    let app = App::new("app")
        .route(Route::get("/host", |local: LocalContext| {
            local.set("spikard.jwt", "x")
        }))
        .route(Route::get("/long", |local: LocalContext| {
            local.set(&"k".repeat(257), "x")
        }))
        .route(Route::get("/large", |local: LocalContext| {
            local.set("k", &"x".repeat(1 << 20))
        }))
        .route(Route::get("/type", |global: GlobalContext| {
            global.set("k", "text")?;
            global.get::<u8>("k").map(drop)
        }))
        .route(Route::get("/add", |global: GlobalContext| {
            global.set("k", "text")?;
            global.add("k", 1).map(drop)
        }));
    let client = TestClient::new(app);
    for (path, expected) in [
        ("/host", "`spikard.jwt` of the context was refused: the key"),
        (
            "/long",
            "of the context was refused: a key has 1 to 256 bytes",
        ),
        ("/large", "`k` of the context was refused: "),
        (
            "/type",
            "`k` of the context is not of the type asked for: invalid type",
        ),
        (
            "/add",
            "`k` of the context was refused: the value of `k` is not an integer",
        ),
    ] {
        let reply = client.get(path).send();
        let (message, _) = reply.failure().expect("a failure");
        assert!(message.contains(expected), "{message}");
    }
    assert!(LocalContext::current().set("k", "outside").is_err());
}

#[derive(Deserialize)]
struct User {
    sub: String,
}

#[test]
fn claims_are_an_argument() {
    let app = App::new("app")
        .route(Route::get("/me", |Claims(user): Claims<User>| user.sub))
        .route(Route::get("/key", |local: LocalContext| {
            local.api_key().unwrap_or_default()
        }));
    let client = TestClient::new(app);
    let me = |claims: Value| client.get("/me").local("spikard.jwt", &claims).send();
    assert_eq!(me(json!({"sub": "ann", "exp": 1})).text(), "ann");
    let lacking = me(json!({"exp": 1}));
    assert_eq!(
        (lacking.status(), lacking.header("www-authenticate")),
        (401, Some("Bearer error=\"invalid_token\""))
    );
    assert_eq!(client.get("/me").send().status(), 500);
    let key = client.get("/key").local("spikard.api-key", "demo").send();
    assert_eq!(key.text(), "demo");
}
