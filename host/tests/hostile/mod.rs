//! Hostile guests. Each test checks that the host stays up, its memory stays below a stated bound,
//! its other routes and a second host keep answering, the client gets a well-formed response, and
//! the log has the cause. `command/components.rs` tests a `describe` that spins or traps.

mod attack;
mod crowd;
mod http;
mod javascript;
mod memory;
mod raw;
mod replies;
mod state;
mod tables;
mod time;
