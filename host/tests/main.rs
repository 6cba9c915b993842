//! Tests of the whole product: each starts the real binary and talks to it as a
//! user or a client would. What they serve is built by `scripts/guests`.

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
mod wasi_http;
