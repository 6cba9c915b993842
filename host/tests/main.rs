//! End-to-end tests: each test starts the real binary and talks to it like a user or a client.
//! `scripts/guests` builds the apps.

mod apps;
mod architecture;
mod command;
mod contract;
mod demo;
mod grants;
mod hostile;
mod instances;
mod lanes;
mod limits;
mod shutdown;
mod support;
mod waiting;
mod wasi_http;
