//! Shape `outcome`: the tuple in a result. Says hello.

use bench::shapes::types::{Body, Content};
use bench_shapes::HELLO;
use exports::bench::shapes::outcome_handler::Guest;

wit_bindgen::generate!({ path: "../wit", world: "outcome-app", generate_all });

struct App;

impl Guest for App {
    fn handle(_route: u32, _params: String, body: Body) -> Result<(u16, String, Content), String> {
        match body {
            Body::Empty => Ok((200, String::new(), Content::Json(HELLO.to_owned()))),
            _ => Err("expected no body".to_owned()),
        }
    }
}

export!(App);
