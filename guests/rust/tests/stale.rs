//! Objects of a request that outlive it.

use std::cell::RefCell;
use std::error::Error;

use schemars::JsonSchema;
use serde::Deserialize;
use spikard_wasm_sdk::testing::TestClient;
use spikard_wasm_sdk::{App, Form, LocalContext, Request, Route, UploadFile};

type AnyResult<T> = Result<T, Box<dyn Error>>;

thread_local! {
    static SAVED: RefCell<Option<(Request, LocalContext, Option<UploadFile>)>> = const { RefCell::new(None) };
}

#[derive(Deserialize, JsonSchema)]
struct Upload {
    file: Option<UploadFile>,
}

#[test]
fn an_object_of_a_request_is_never_anothers() {
    let save = |request: Request, local: LocalContext, form: Option<Form<Upload>>| {
        local.set("user", &request.header("x-user"))?;
        let file = form.and_then(|Form(form)| form.file);
        SAVED.set(Some((request, local, file)));
        AnyResult::Ok(())
    };
    let read = |name: &'static str| {
        move |local: LocalContext| {
            local.set("user", "bob")?;
            let (request, old, file) = SAVED.take().expect("something was saved");
            let found = match name {
                "header" => request.header("x-user").unwrap_or_default(),
                "query" => request.query_string(),
                "pairs" => format!("{:?}", request.query_pairs()),
                "body" => format!("{:?}", request.raw_body()),
                "id" => request.id(),
                "local" => old.get::<String>("user")?.unwrap_or_default(),
                "set" => old.set("user", "eve").map(|()| String::new())?,
                "remove" => old.remove("user").map(|()| String::new())?,
                "of-request" => request.local().get::<String>("user")?.unwrap_or_default(),
                _ => format!("{:?}", file.map(|file| file.bytes())),
            };
            AnyResult::Ok(found)
        }
    };
    let names = [
        "header",
        "query",
        "pairs",
        "body",
        "id",
        "local",
        "set",
        "remove",
        "of-request",
        "file",
    ];
    for name in names {
        let client = TestClient::new(
            App::new("app")
                .route(Route::post("/save", save))
                .route(Route::post("/read", read(name))),
        );
        let saved = client.post("/save?a=alice").header("x-user", "alice").file(
            "file",
            "a",
            "text/plain",
            "alice",
        );
        assert_eq!(saved.send().status(), 204);
        let reply = client
            .post("/read?a=bob")
            .header("x-user", "bob")
            .file("file", "b", "text/plain", "bob")
            .send();
        assert_eq!(reply.status(), 500, "{name}: {}", reply.text());
        let (message, _) = reply.failure().expect("a failure");
        let expected = "take a new one in each handler and hook, and keep the values you need";
        assert!(message.ends_with(expected), "{name}: {message}");
    }
}

#[test]
fn an_object_of_a_request_is_empty_after_it() {
    let app = App::new("app").route(Route::get("/", |request: Request, local: LocalContext| {
        SAVED.set(Some((request, local, None)));
    }));
    assert_eq!(TestClient::new(app).get("/?a=1").send().status(), 204);
    let (request, local, _) = SAVED.take().expect("something was saved");
    assert_eq!(
        (request.query_string(), request.header("host")),
        (String::new(), None)
    );
    assert!(local.get::<u8>("n").is_err());
}
