//! Shape `record`: one record in, a record out. Route 0 says hello, 1 round-trips JSON, 2 echoes.

use bench::shapes::types::{Body, Content};
use bench_shapes::{HELLO, round_trip};
use exports::bench::shapes::record_handler::{Call, Failure, Guest, Reply};

wit_bindgen::generate!({ path: "../wit", world: "record-app", generate_all });

struct App;

impl Guest for App {
    fn handle(call: Call) -> Result<Reply, Failure> {
        let text = match (call.route, call.body) {
            (0, _) => HELLO.to_owned(),
            (1, Body::Json(text)) => round_trip(&text),
            (_, Body::Json(text)) => text,
            _ => {
                return Err(Failure {
                    message: "not JSON".to_owned(),
                    detail: None,
                });
            }
        };
        Ok(Reply {
            status: 200,
            headers: Vec::new(),
            body: Content::Json(text),
        })
    }
}

export!(App);
