//! What the host enforces before a handler runs, or does to its reply.

use schemars::JsonSchema;
use serde::Serialize;
use spikard_wasm_sdk::{ApiKey, Json, LocalContext, RateLimit, Route, Secret, get, routes};

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

/// The routes of this module.
pub(crate) fn routes() -> impl IntoIterator<Item = Route> {
    routes![private, limited, large]
}
