//! Shape `headers`. Route 0 says hello, 3 sets headers.

use bench::shapes::types::{Body, Content};
use bench_shapes::{HEADERS, HELLO};
use exports::bench::shapes::headers_handler::Guest;

wit_bindgen::generate!({ path: "../wit", world: "headers-app", generate_all });

struct App;

impl Guest for App {
    fn handle(route: u32, _params: String, _body: Body) -> (u16, Vec<(String, String)>, Content) {
        let headers = match route {
            3 => HEADERS
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            _ => Vec::new(),
        };
        (200, headers, Content::Json(HELLO.to_owned()))
    }
}

export!(App);
