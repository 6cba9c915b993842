//! The workloads of `bench/workloads` without databases, on axum with serde_json and the allocator of
//! the host. `MORE_ROUTES` adds numbered routes.

mod core;
mod spikard;
mod types;

use std::io::{Error, Result};

use axum::Router;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let more = match std::env::var("MORE_ROUTES").map(|number| number.parse()) {
        Ok(Ok(number)) => number,
        Ok(Err(_)) => return Err(Error::other("`MORE_ROUTES` is not a whole number")),
        Err(_) => 0,
    };
    bench_peer_axum::run(async move |_| {
        Ok(Router::new()
            .merge(core::routes(more))
            .merge(spikard::routes()))
    })
}
