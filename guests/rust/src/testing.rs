//! Tests an app in process: without a component, without a host, without a socket.
//!
//! ```
//! use spikard_wasm_sdk::testing::TestClient;
//! use spikard_wasm_sdk::{App, Path, Route};
//!
//! let app = App::new("users").route(Route::get("/users/{id}", |Path(id): Path<u64>| format!("user {id}")));
//! let client = TestClient::new(app);
//! assert_eq!(client.get("/users/7").send().text(), "user 7");
//! assert_eq!(client.get("/users/x").send().status(), 422);
//! ```
//!
//! The client runs the host's own code for routing, parameters, bodies, schemas and
//! problem documents, so a request gets the status and the document that the host
//! sends. It runs hooks, keeps contexts and enforces the policies `jwt`, `api_key`,
//! `rate_limit`, `cors`, `security_headers` and `request_id` in the host's order.
//!
//! It differs from the host where HTTP, time or a component matters: it compresses
//! nothing, serves no static file and no OpenAPI document, enforces no timeout and no
//! concurrency limit, and adds no `content-length`. The client's address is always
//! `127.0.0.1`, and a request id that the host would make up is `test`. A panic of a
//! handler panics the test. All requests share one instance, whatever
//! [`Instances`](crate::Instances) says. The host's crates make serde_json keep the
//! order of members in a [`Value`](serde_json::Value), which a component sorts by name:
//! compare parsed JSON, not its text.

mod client;
mod host;
mod message;
mod reply;
mod request;

pub use client::TestClient;
pub use reply::TestReply;
pub use request::TestRequest;
