//! Shape `kind`: the body's tag is an enum. Route 0 says hello, 1 round-trips JSON, 2 echoes.

use bench_shapes::{HELLO, round_trip};
use exports::bench::shapes::kind_handler::{Guest, Kind};

wit_bindgen::generate!({ path: "../wit", world: "kind-app" });

struct App;

impl Guest for App {
    fn handle(
        route: u32,
        _params: String,
        _kind: Kind,
        body: String,
    ) -> (u16, String, Kind, String) {
        let text = match route {
            0 => HELLO.to_owned(),
            1 => round_trip(&body),
            _ => body,
        };
        (200, String::new(), Kind::Json, text)
    }
}

export!(App);
