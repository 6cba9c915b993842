//! Two routes on bare hyper: the cost of a server without a framework. Each thread has its own
//! socket. Options: `--port N` and `--threads N` [default: 1].

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, value) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/" | "/health") => (StatusCode::OK, json!({ "status": "ok" })),
        (&Method::GET, "/hello") => (StatusCode::OK, json!({ "message": "Hello, World!" })),
        (&Method::POST, "/echo" | "/json/small") => match read(request).await {
            Some(value) => (StatusCode::OK, value),
            None => (StatusCode::BAD_REQUEST, json!({ "error": "not JSON" })),
        },
        _ => (StatusCode::NOT_FOUND, json!({ "error": "no such route" })),
    };
    let mut response = Response::new(Full::new(Bytes::from(value.to_string())));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

async fn read(request: Request<Incoming>) -> Option<Value> {
    let body = request.into_body().collect().await.ok()?.to_bytes();
    serde_json::from_slice(&body).ok()
}

fn listener(port: u16) -> std::io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    socket.listen(1024)?;
    Ok(socket.into())
}

fn serve(port: u16) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let listener = tokio::net::TcpListener::from_std(listener(port)?)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::task::spawn_local(
                http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)),
            );
        }
    })
}

fn main() -> std::io::Result<()> {
    let (mut port, mut threads) = (0, 1);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().and_then(|value| value.parse::<u16>().ok());
        match (name.as_str(), value) {
            ("--port", Some(value)) => port = value,
            ("--threads", Some(value)) => threads = value.max(1),
            _ => return Err(std::io::Error::other("usage: [--port N] [--threads N]")),
        }
    }
    for _ in 1..threads {
        std::thread::spawn(move || serve(port));
    }
    serve(port)
}
