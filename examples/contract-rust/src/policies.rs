//! Policies that the host enforces before a handler runs or applies to its reply.

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

/// Returns the name of the key that authenticated the client.
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

/// Replies to each client at most twice per minute.
#[get("/limited", rate_limit = RateLimit::per_minute(2))]
fn limited() -> Json<Limited> {
    Json(Limited { ok: true })
}

#[derive(Serialize, JsonSchema)]
struct Large {
    text: String,
}

/// Returns 10 KiB that compress well.
#[get("/large", compression = true)]
fn large() -> Json<Large> {
    Json(Large {
        text: "spikard ".repeat(1280),
    })
}

/// The calls of this instance on the routes that count them.
static CALLS: AtomicU64 = AtomicU64::new(0);

#[derive(Serialize, JsonSchema)]
struct Calls {
    calls: u64,
}

/// Counts in the memory of the instance, which is reused for several requests.
#[get("/calls")]
fn calls() -> Json<Calls> {
    Json(Calls {
        calls: CALLS.fetch_add(1, Ordering::Relaxed) + 1,
    })
}

/// Counts in an instance that serves a single request: always 1.
#[get("/calls/fresh", instances = Instances::Fresh)]
fn fresh_calls() -> Json<Calls> {
    calls()
}

/// Returns the routes of this module.
pub(crate) fn routes() -> impl IntoIterator<Item = Route> {
    routes![private, limited, large, calls, fresh_calls]
}
