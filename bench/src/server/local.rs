//! A loop that serves HTTP/1.1 on one thread.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::rc::Rc;

use anyhow::Result;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// The result of a function that always returns a reply.
type Answer = Result<Response<Full<Bytes>>, Infallible>;

/// Answers requests with a function until the process is killed.
pub(super) fn serve(
    address: SocketAddr,
    answer: impl AsyncFn(Request<Incoming>) -> Answer + 'static,
) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let answer = Rc::new(answer);
    tokio::task::LocalSet::new().block_on(&runtime, async move {
        let listener = TcpListener::bind(address).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let answer = answer.clone();
            tokio::task::spawn_local(async move {
                let service = service_fn(|request| {
                    let answer = answer.clone();
                    async move { answer(request).await }
                });
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    })
}
