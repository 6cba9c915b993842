//! The harness as a program, beside servers whose behaviour is known.

#![allow(clippy::unwrap_used, reason = "a panic is a failed test")]

mod bad_input;
mod commands;
mod common;
mod measuring;
mod outputs;
