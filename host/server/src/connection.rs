//! A connection: HTTP/1.1, or HTTP/2 with prior knowledge (h2c), as its first
//! bytes say.

use std::convert::Infallible;
use std::future::Future;
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;

use crate::pipeline::Pipeline;
use crate::settings::Settings;
use crate::worker::Open;

/// How many requests one HTTP/2 connection may have in flight.
const MAX_STREAMS: u32 = 128;

/// Serves the connections of one worker.
pub(crate) struct Connections {
    pipeline: Rc<Pipeline>,
    builder: auto::Builder<LocalExecutor>,
}

/// Runs hyper's tasks on the worker's own thread.
#[derive(Clone, Copy)]
struct LocalExecutor;

impl<F: Future<Output: 'static> + 'static> hyper::rt::Executor<F> for LocalExecutor {
    fn execute(&self, task: F) {
        tokio::task::spawn_local(task);
    }
}

impl Connections {
    pub(crate) fn new(pipeline: Rc<Pipeline>, settings: &Settings) -> Self {
        let mut builder = auto::Builder::new(LocalExecutor);
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(settings.head_timeout)
            .keep_alive(true);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS);
        Self { pipeline, builder }
    }

    /// Serves one connection to its end, in a task of its own.
    pub(crate) fn serve(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        open: Open,
        graceful: &GracefulShutdown,
    ) {
        // Without this a reply waits for the client's acknowledgement of the last.
        let stream = stream.set_nodelay(true).map(|()| stream);
        let stream = match stream.and_then(tokio::net::TcpStream::from_std) {
            Ok(stream) => stream,
            Err(error) => return tracing::debug!(%peer, %error, "a connection was lost"),
        };
        let pipeline = self.pipeline.clone();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let pipeline = pipeline.clone();
            async move { Ok::<_, Infallible>(pipeline.respond(request, peer).await) }
        });
        let connection = self
            .builder
            .serve_connection(TokioIo::new(stream), service)
            .into_owned();
        let connection = graceful.watch(connection);
        tokio::task::spawn_local(async move {
            let _open = open;
            if let Err(error) = connection.await {
                tracing::debug!(%peer, %error, "a connection ended early");
            }
        });
    }
}
