//! Starts the real `spikard-wasm` for tests, and talks to it as a client would.
//!
//! [`Host`] is the binary with the environment of a test, [`Server`] one that
//! serves: it ends with the value at the latest. [`Client`] is for ordinary
//! requests, [`Wire`] for the bytes of odd ones. [`conformance`] runs fixtures,
//! [`soak`] a mixed load for minutes.

mod client;
mod command;
pub mod conformance;
mod definition;
mod guests;
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
pub use server::{Serve, Server, Stopped};
pub use usage::Usage;
pub use wire::{Wire, WireResponse};
