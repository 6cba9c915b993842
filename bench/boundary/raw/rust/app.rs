//! The world `http-app` without an SDK, with the handlers of shape `strings`
//! (`bench/shapes/rust/shapes/strings.rs`).

use bench_shapes::{HELLO, round_trip};
use exports::spikard::handler::definition::{self, Description, Method, Route};
use exports::spikard::handler::handler::{self, Body, Content};

wit_bindgen::generate!({ path: "../../../wit", world: "http-app" });

struct App;

impl definition::Guest for App {
    fn describe() -> Result<Description, String> {
        let route = |method, path: &str| Route {
            method,
            path: path.to_owned(),
            name: String::new(),
            parameters: String::new(),
            body: String::new(),
            replies: String::new(),
            settings: String::new(),
        };
        Ok(Description {
            name: "bench-raw".to_owned(),
            version: String::new(),
            routes: vec![
                route(Method::Get, "/hello"),
                route(Method::Post, "/echo"),
                route(Method::Post, "/text"),
            ],
            settings: String::new(),
        })
    }
}

impl handler::Guest for App {
    fn handle(route: u32, _params: String, body: Body) -> (u16, String, Content) {
        let content = match (route, body) {
            (0, _) => Content::Json(HELLO.to_owned()),
            (1, Body::Json(text)) => Content::Json(round_trip(&text)),
            (2, Body::Text(text)) => Content::Text(text),
            _ => Content::Empty,
        };
        (200, String::new(), content)
    }
}

export!(App);
