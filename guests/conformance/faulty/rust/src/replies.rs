//! Replies of all kinds, and replies that HTTP forbids.

use serde_json::{Value, json};
use spikard_wasm_sdk::{Html, Redirect, Reply, Route, get, routes};

#[get("/reply/json")]
fn json_reply() -> Value {
    json!({ "text": "é", "number": 1.5, "list": [true, null] })
}

#[get("/reply/text")]
fn text() -> &'static str {
    "grün"
}

#[get("/reply/bytes")]
fn bytes() -> Vec<u8> {
    vec![0, 1, 254, 255]
}

#[get("/reply/html")]
fn html() -> Html<&'static str> {
    Html("<p>grün</p>")
}

#[get("/reply/none")]
fn none() {}

#[get("/reply/redirect")]
fn redirect() -> Redirect {
    Redirect::to("/reply/text")
}

#[get("/reply/cookies")]
fn cookies() -> Reply {
    Reply::text("two")
        .header("set-cookie", "a=1; Path=/; HttpOnly")
        .header("set-cookie", "b=2; Secure")
}

/// Sets headers that only the host may set.
#[get("/reply/framing")]
fn framing() -> Reply {
    Reply::text("body")
        .header("content-length", "2")
        .header("transfer-encoding", "chunked")
        .header("connection", "close")
        .header("x-own", "kept")
}

#[get("/reply/split")]
fn split() -> Reply {
    Reply::text("body").header("x-own", "a\r\nx-injected: b")
}

#[get("/reply/status")]
fn status() -> Reply {
    Reply::text("body").status(99)
}

/// Returns the routes of this module.
pub(crate) fn routes() -> impl IntoIterator<Item = Route> {
    routes![
        json_reply, text, bytes, html, none, redirect, cookies, framing, split, status
    ]
}
