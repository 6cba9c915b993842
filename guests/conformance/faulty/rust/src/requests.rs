//! Handlers that return what they see of a request.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spikard_wasm_sdk::{
    Cookies, Headers, Json, Multipart, Path, Query, Request, Route, get, post, routes,
};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the result of every function of the interface `request`, with bytes as hexadecimal.
#[post("/request/{*rest}")]
fn request(Path(rest): Path<String>, request: Request) -> Value {
    let headers = request.headers();
    let own = headers.iter().filter(|(name, _)| name.starts_with("x-"));
    json!({
        "rest": rest,
        "method": request.method(),
        "path": request.path(),
        "query": request.query_string(),
        "header": request.header("X-Text"),
        "headers": own.map(|(name, value)| json!([name, hex(value)])).collect::<Vec<_>>(),
        "cookies": request.cookies(),
        "peer": request.peer(),
        "id": request.id(),
        "body": hex(&request.raw_body()),
    })
}

#[post("/body/raw", body_limit = 2_000_000)]
fn raw(body: Vec<u8>) -> Vec<u8> {
    body
}

#[post("/body/text")]
fn text(body: String) -> String {
    body
}

#[post("/body/small", body_limit = 16)]
fn small(body: Vec<u8>) -> Vec<u8> {
    body
}

#[post("/body/form")]
fn form(form: Multipart) -> Value {
    let files = form.files().iter().map(|(field, file)| {
        json!({
            "field": field,
            "filename": file.filename(),
            "content_type": file.content_type(),
            "size": file.size(),
            "bytes": hex(&file.bytes()),
        })
    });
    json!({ "texts": form.texts(), "files": files.collect::<Vec<_>>() })
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Page {
    #[schemars(range(min = 1))]
    page: i64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Token {
    x_token: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Session {
    #[schemars(length(min = 2))]
    sid: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Item {
    name: String,
    price: f64,
}

/// Returns a declared parameter of each kind.
#[post("/declared/{id}")]
fn declared(
    Path(id): Path<i64>,
    Query(page): Query<Page>,
    Headers(token): Headers<Token>,
    Cookies(session): Cookies<Session>,
    Json(item): Json<Item>,
) -> Value {
    json!({ "id": id, "page": page.page, "token": token.x_token, "sid": session.sid, "item": item })
}

#[get("/only/get")]
fn only_get() -> &'static str {
    "got"
}

#[post("/only/get")]
fn only_post() -> &'static str {
    "posted"
}

/// Returns the routes of this module.
pub(crate) fn routes() -> impl IntoIterator<Item = Route> {
    routes![
        request, raw, text, small, form, declared, only_get, only_post
    ]
}
