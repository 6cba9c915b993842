//! Two routes on wasi:http 0.2 with plain bindings.

use serde_json::{Value, json};
use wasip2::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasip2::io::streams::StreamError;

struct App;

fn body(request: &IncomingRequest) -> Option<Vec<u8>> {
    let body = request.consume().ok()?;
    let stream = body.stream().ok()?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(64 * 1024) {
            Ok(part) => bytes.extend(part),
            Err(StreamError::Closed) => return Some(bytes),
            Err(StreamError::LastOperationFailed(_)) => return None,
        }
    }
}

fn answer(request: &IncomingRequest) -> (u16, Value) {
    let path = request.path_with_query().unwrap_or_default();
    match (request.method(), path.as_str()) {
        (Method::Get, "/" | "/health") => (200, json!({ "status": "ok" })),
        (Method::Get, "/hello") => (200, json!({ "message": "Hello, World!" })),
        (Method::Post, "/echo" | "/json/small") => {
            match body(request).and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
                Some(value) => (200, value),
                None => (400, json!({ "error": "not JSON" })),
            }
        }
        _ => (404, json!({ "error": "no such route" })),
    }
}

impl wasip2::exports::http::incoming_handler::Guest for App {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let (status, value) = answer(&request);
        let headers = Fields::new();
        let _ = headers.set("content-type", &[b"application/json".to_vec()]);
        let response = OutgoingResponse::new(headers);
        let _ = response.set_status_code(status);
        let Ok(body) = response.body() else { return };
        ResponseOutparam::set(out, Ok(response));
        if let Ok(stream) = body.write() {
            for part in value.to_string().as_bytes().chunks(4096) {
                if stream.blocking_write_and_flush(part).is_err() {
                    break;
                }
            }
        }
        let _ = OutgoingBody::finish(body, None);
    }
}

wasip2::http::proxy::export!(App with_types_in wasip2);
