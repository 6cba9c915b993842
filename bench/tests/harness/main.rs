//! End-to-end tests of the harness against servers with known behavior.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod bad_input;
mod commands;
mod common;
mod measuring;
mod outputs;
