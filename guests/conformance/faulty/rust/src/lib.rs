//! Faulty handlers, and handlers that return what they see of a request. The JavaScript and Python
//! apps in the sibling directories are equivalent; `host/tests` serves all three.

mod replies;
mod requests;

use std::fmt;
use std::num::ParseIntError;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use spikard_wasm_sdk::{App, HttpError, Query, export, get, routes};

/// An error that only the log may contain.
#[derive(Debug)]
struct Secret(ParseIntError);

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the secret is 4711")
    }
}

impl std::error::Error for Secret {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// Returns the number of calls that this instance has received.
#[get("/count")]
fn count() -> Value {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    json!({ "calls": CALLS.fetch_add(1, Ordering::Relaxed) + 1 })
}

#[get("/throw")]
fn throw() -> Result<(), Secret> {
    "in_the_stack".parse::<u16>().map(drop).map_err(Secret)
}

#[get("/refuse")]
fn refuse() -> Result<(), HttpError> {
    Err(HttpError::new(409, "there is one already").header("x-reason", "twice"))
}

/// Ends the instance.
#[get("/end")]
fn end() -> String {
    panic!("the secret is 4711")
}

#[get("/spin")]
fn spin() {
    loop {
        std::hint::black_box(());
    }
}

#[derive(Deserialize, JsonSchema)]
struct Nap {
    ms: u64,
}

/// Waits without using the CPU.
#[get("/sleep")]
fn sleep(Query(nap): Query<Nap>) -> &'static str {
    std::thread::sleep(Duration::from_millis(nap.ms));
    "slept"
}

fn app() -> App {
    App::new("faulty-rust")
        .version(env!("CARGO_PKG_VERSION"))
        .routes(routes![count, throw, refuse, end, spin, sleep])
        .routes(replies::routes())
        .routes(requests::routes())
}

export!(app());

#[cfg(test)]
#[path = "../../../../../examples/contract-rust/src/cases.rs"]
mod cases;

#[test]
fn a_client_answers_as_the_host() {
    cases::run("faulty", app);
}
