//! The harness as a program, beside servers whose behaviour is known.

mod bad_input;
mod common;
mod measuring;
