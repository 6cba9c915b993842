//! A connection: HTTP/1.1, or HTTP/2 with prior knowledge (h2c), as its first
//! bytes say.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::Future;
use std::net::{SocketAddr, TcpStream};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

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
    head_timeout: Duration,
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
        Self {
            pipeline,
            builder,
            head_timeout: settings.head_timeout,
        }
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
        let started = Rc::new(Cell::new(false));
        let has_started = started.clone();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            started.set(true);
            let pipeline = pipeline.clone();
            async move { Ok::<_, Infallible>(pipeline.respond(request, peer).await) }
        });
        let connection = self
            .builder
            .serve_connection(TokioIo::new(stream), service)
            .into_owned();
        let connection = graceful.watch(connection);
        let head_timeout = self.head_timeout;
        tokio::task::spawn_local(async move {
            let _open = open;
            let mut connection = pin!(connection);
            // hyper times the head of a request, but not the wait for the bytes that
            // tell HTTP/1.1 from HTTP/2.
            let ended = match tokio::time::timeout(head_timeout, &mut connection).await {
                Ok(ended) => ended,
                Err(_) if !has_started.get() => {
                    return tracing::debug!(%peer, "a connection sent no request in time");
                }
                Err(_) => connection.await,
            };
            if let Err(error) = ended {
                tracing::debug!(%peer, %error, "a connection ended early");
            }
        });
    }
}
