//! The routes of the benchmark app, natively: axum with serde_json, and the allocator
//! that the host has. `--port N`, `--threads N` (1).

use std::net::Ipv4Addr;

use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

async fn hello() -> Json<Value> {
    Json(json!({ "message": "Hello, World!" }))
}

async fn echo(Json(value): Json<Value>) -> Json<Value> {
    Json(value)
}

async fn text(body: String) -> String {
    body
}

async fn serve(port: u16) -> std::io::Result<()> {
    let app = Router::new()
        .route("/hello", get(hello))
        .route("/echo", post(echo))
        .route("/text", post(text));
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
    let runtime = match threads {
        1 => tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?,
        _ => tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .enable_all()
            .build()?,
    };
    runtime.block_on(serve(port))
}
