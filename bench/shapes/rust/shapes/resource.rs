//! Shape `resource`: a resource in, a tuple out. Route 0 says hello, 1 round-trips JSON, 2 echoes.

use bench::shapes::types::{Body, Content};
use bench_shapes::{HELLO, round_trip};
use exports::bench::shapes::resource_handler::{Guest, Request};

wit_bindgen::generate!({ path: "../wit", world: "resource-app", generate_all });

struct App;

impl Guest for App {
    fn handle(request: &Request) -> (u16, String, Content) {
        let route = request.route();
        if route == 0 {
            return (200, String::new(), Content::Json(HELLO.to_owned()));
        }
        match request.body() {
            Body::Json(text) if route == 1 => {
                (200, String::new(), Content::Json(round_trip(&text)))
            }
            Body::Json(text) => (200, String::new(), Content::Json(text)),
            _ => (500, String::new(), Content::Empty),
        }
    }
}

export!(App);
