//! The workloads of `bench/workloads` on axum with serde_json and the allocator of the host.
//! Options: `--port N` and `--threads N` [default: 1]; `MORE_ROUTES` adds numbered routes.

mod core;
mod spikard;
mod types;

use std::net::Ipv4Addr;

use axum::Router;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

async fn serve(port: u16, more: u32) -> std::io::Result<()> {
    let app = Router::new()
        .merge(core::routes(more))
        .merge(spikard::routes());
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(
        axum::serve::ListenerExt::tap_io(listener, |stream| {
            let _ = stream.set_nodelay(true);
        }),
        app,
    )
    .await
}

fn main() -> std::io::Result<()> {
    let (mut port, mut threads) = (0, 1);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().and_then(|value| value.parse::<u16>().ok());
        match (name.as_str(), value) {
            ("--port", Some(value)) => port = value,
            ("--threads", Some(value)) => threads = usize::from(value).max(1),
            _ => return Err(std::io::Error::other("usage: [--port N] [--threads N]")),
        }
    }
    let more = match std::env::var("MORE_ROUTES").map(|number| number.parse()) {
        Ok(Ok(number)) => number,
        Ok(Err(_)) => return Err(std::io::Error::other("`MORE_ROUTES` is not a whole number")),
        Err(_) => 0,
    };
    let runtime = match threads {
        1 => tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?,
        _ => tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .enable_all()
            .build()?,
    };
    runtime.block_on(serve(port, more))
}
