//! Guests that do all the harm they can. For each: the host stays up, its memory
//! stays below a bound that the test states, its other routes and a host beside it
//! keep answering, the client gets a well-formed response, and the log says what
//! happened. `describe` that spins or traps is in `command/components.rs`.

mod attack;
mod crowd;
mod http;
mod memory;
mod raw;
mod replies;
mod state;
mod tables;
mod time;
