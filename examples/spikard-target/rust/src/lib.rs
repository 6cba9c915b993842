//! The target of the Spikard benchmark harness in Rust: 18 workloads, and the same 18 under
//! `/validated`, where types declare valid requests.

mod raw;
mod types;
mod validated;

use serde_json::{Value, json};
use spikard_wasm_sdk::{App, Multipart, export, get, routes};

#[get("/")]
fn root() -> Value {
    health()
}

#[get("/health")]
fn health() -> Value {
    json!({ "status": "ok" })
}

/// The reply of every multipart workload.
fn received(form: &Multipart) -> Value {
    let bytes: u64 = form.files().iter().map(|(_, file)| file.size()).sum();
    json!({ "files_received": form.files().len(), "total_bytes": bytes })
}

fn app() -> App {
    App::new("spikard-target")
        .version(env!("CARGO_PKG_VERSION"))
        .routes(routes![root, health])
        .routes(raw::routes())
        .routes(validated::routes())
}

export!(app());

#[cfg(test)]
#[path = "../../../contract-rust/src/cases.rs"]
mod cases;
#[cfg(test)]
mod tests;
