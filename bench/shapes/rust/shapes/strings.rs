//! Shape `strings`: text in, text out. Route 0 says hello, 1 round-trips JSON, 2 echoes.

use bench_shapes::{HELLO, round_trip};
use exports::bench::shapes::strings_handler::Guest;

wit_bindgen::generate!({ path: "../wit", world: "strings-app" });

struct App;

impl Guest for App {
    fn handle(route: u32, _head: String, body: String) -> (u16, String, String) {
        let text = match route {
            0 => HELLO.to_owned(),
            1 => round_trip(&body),
            _ => body,
        };
        (200, String::new(), text)
    }
}

export!(App);
