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
//! Handlers can wait: time is virtual, stores are in memory, and methods of the client set the
//! settings, the databases and the replies to outgoing requests. [`send_all`] sends requests at the
//! same time. A request is answered when its background work has ended.
//!
//! The client runs the host's own code for routing, parameters, bodies, schemas and problem
//! documents, so replies have the status and the document that the host would send. It also runs
//! hooks, stores contexts, and enforces the policies `jwt`, `api_key`, `rate_limit`, `cors`,
//! `security_headers` and `request_id` in the host's order.
//!
//! It does not compress replies, serve static files or the OpenAPI document, enforce timeouts or
//! concurrency limits, or add `content-length`. The client's address is always `127.0.0.1`, and
//! a generated request id is always `test`. A panic of a handler panics the test. All requests
//! share one instance, whatever the [`Instances`](crate::Instances) policy. Compare parsed JSON
//! instead of its text: in a test, serde_json keeps the order of the members of a
//! [`Value`](serde_json::Value); in a component, it sorts them by name.

mod client;
mod host;
mod message;
mod reply;
mod request;
pub(crate) mod services;

pub use client::TestClient;
pub use reply::TestReply;
pub use request::{TestRequest, send_all};
pub use services::{LogLine, OutgoingReply, OutgoingRequest};
