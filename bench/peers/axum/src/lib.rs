//! The start of the servers: `--port N` and `--threads N` [default: 1].

use std::io::{Error, Result};
use std::net::Ipv4Addr;

use axum::Router;
use tokio::runtime::Builder;

/// Serves the routes that `app` creates for a number of threads, with the single-threaded runtime for one.
pub fn run(app: impl AsyncFnOnce(usize) -> Result<Router>) -> Result<()> {
    let (mut port, mut threads) = (0, 1);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().and_then(|value| value.parse::<u16>().ok());
        match (name.as_str(), value) {
            ("--port", Some(value)) => port = value,
            ("--threads", Some(value)) => threads = usize::from(value).max(1),
            _ => return Err(Error::other("usage: [--port N] [--threads N]")),
        }
    }
    let runtime = match threads {
        1 => Builder::new_current_thread().enable_all().build()?,
        _ => Builder::new_multi_thread()
            .worker_threads(threads)
            .enable_all()
            .build()?,
    };
    runtime.block_on(async {
        let app = app(threads).await?;
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        println!("listening on http://{}", listener.local_addr()?);
        let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, app).await
    })
}
