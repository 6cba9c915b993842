//! Runs the real `spikard-wasm` binary in tests and sends it requests.
//!
//! [`Host`] runs the binary with a controlled environment. [`Server`] is a running
//! host; dropping it kills the process. [`Client`] sends ordinary requests, and
//! [`Wire`] sends raw bytes, such as malformed requests. [`conformance`] runs
//! fixtures, and [`soak`] puts a mixed load on hosts for minutes.

mod client;
mod command;
pub mod conformance;
mod definition;
mod guests;
mod process;
mod random;
mod redis;
mod server;
pub mod soak;
mod usage;
mod wire;

pub use client::{Client, Response, multipart};
pub use command::{Host, Run};
pub use definition::define;
pub use guests::{guest, root};
pub use random::Random;
pub use redis::Redis;
pub use server::{ExitReport, Serve, Server};
pub use usage::Usage;
pub use wire::{Wire, WireResponse};
