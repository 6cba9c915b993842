//! Shape `tuple`. Route 0 says hello, 1 round-trips JSON, 2 echoes, 3 sets headers.

use bench::shapes::types::{Body, Content};
use bench_shapes::{HEADERS, HELLO, round_trip};
use exports::bench::shapes::tuple_handler::Guest;

wit_bindgen::generate!({ path: "../wit", world: "tuple-app", generate_all });

struct App;

impl Guest for App {
    fn handle(route: u32, _params: String, body: Body) -> (u16, String, Content) {
        if route == 3 {
            let headers = serde_json::to_string(&HEADERS).unwrap_or_default();
            return (200, headers, Content::Json(HELLO.to_owned()));
        }
        let text = match (route, body) {
            (0, _) => HELLO.to_owned(),
            (1, Body::Json(text)) => round_trip(&text),
            (_, Body::Json(text)) => text,
            _ => return (500, String::new(), Content::Empty),
        };
        (200, String::new(), Content::Json(text))
    }
}

export!(App);
