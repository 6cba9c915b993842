//! What the host enforces before a handler runs, or does to its reply.

use std::sync::atomic::{AtomicU64, Ordering};

use schemars::JsonSchema;
use serde::Serialize;
use spikard_wasm_sdk::{
    ApiKey, Instances, Json, LocalContext, RateLimit, Route, Secret, get, routes,
};

#[derive(Serialize, JsonSchema)]
struct Key {
    key: String,
}

/// Says which key let the client in.
#[get("/private", api_key = ApiKey::named([("demo", Secret::named("demo-key"))]))]
fn private(local: LocalContext) -> Json<Key> {
    Json(Key {
        key: local.api_key().unwrap_or_default(),
    })
}

#[derive(Serialize, JsonSchema)]
struct Limited {
    ok: bool,
}

/// Answers each client twice a minute.
#[get("/limited", rate_limit = RateLimit::per_minute(2))]
fn limited() -> Json<Limited> {
    Json(Limited { ok: true })
}

#[derive(Serialize, JsonSchema)]
struct Large {
    text: String,
}

/// 10 KiB, of which few bytes are sent.
#[get("/large", compression = true)]
fn large() -> Json<Large> {
    Json(Large {
        text: "spikard ".repeat(1280),
    })
}

/// Calls that this instance has answered, on the routes that count them.
static CALLS: AtomicU64 = AtomicU64::new(0);

#[derive(Serialize, JsonSchema)]
struct Calls {
    calls: u64,
}

/// Counts in the memory of the instance, which serves one request after another.
#[get("/calls")]
fn calls() -> Json<Calls> {
    Json(Calls {
        calls: CALLS.fetch_add(1, Ordering::Relaxed) + 1,
    })
}

/// The same in an instance that no other request has met: always 1.
#[get("/calls/fresh", instances = Instances::Fresh)]
fn fresh_calls() -> Json<Calls> {
    calls()
}

/// The routes of this module.
pub(crate) fn routes() -> impl IntoIterator<Item = Route> {
    routes![private, limited, large, calls, fresh_calls]
}
