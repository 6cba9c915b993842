//! Serves one connection. Its first bytes select HTTP/1.1 or HTTP/2 with prior knowledge (h2c).

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use hyper::body::{Body, Incoming};
use hyper::http::uri::Scheme;
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::app_router::AppRouter;
use crate::body_activity::observed;
use crate::settings::Settings;
use crate::shared::OpenConnection;
use crate::timing::{Phase, Timed, Timing};

/// The maximum number of requests in flight on an HTTP/2 connection.
const MAX_STREAMS: u32 = 128;

/// The maximum size of a head that hyper reads, in bytes; hyper closes the connection of a larger
/// one. It exceeds `head::MAX_FIELDS`, so that the host can reject large fields with 431 and a
/// target over 65,534 bytes with 414.
const MAX_HTTP1_HEAD: usize = 192 << 10;
const MAX_HTTP2_HEAD: u32 = 256 << 10;

/// Serves the connections of one worker.
pub(crate) struct Connections {
    router: Rc<AppRouter>,
    builder: auto::Builder<LocalExecutor>,
    head_timeout: Duration,
    idle_timeout: Duration,
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
    pub(crate) fn new(router: Rc<AppRouter>, settings: &Settings) -> Self {
        let mut builder = auto::Builder::new(LocalExecutor);
        builder
            .http1()
            .timer(TokioTimer::new())
            // `Timing` has separate limits for a late head and an idle connection.
            .header_read_timeout(None)
            .max_buf_size(MAX_HTTP1_HEAD)
            .keep_alive(true);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS)
            .max_header_list_size(MAX_HTTP2_HEAD);
        Self {
            router,
            builder,
            head_timeout: settings.head_timeout,
            idle_timeout: settings.idle_timeout,
        }
    }

    /// Serves one connection to its end in a separate task.
    pub(crate) fn serve<S>(
        &self,
        connection: Connection<S>,
        open: OpenConnection,
        graceful: &GracefulShutdown,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let router = self.router.clone();
        let (peer, scheme) = (connection.peer, connection.scheme.clone());
        let timing = Timing::new(self.head_timeout, self.idle_timeout);
        let observer = timing.clone();
        let answer = move |request: Request<Incoming>| {
            let is_http2 = request.version() == Version::HTTP_2;
            let busy = observer.request(is_http2);
            let timing = observer.clone();
            let (app, request, arrival) = router.route(request, peer, scheme.clone());
            async move {
                let _busy = busy;
                let response = app.respond(request, arrival).await;
                response.map(|body| observed(body, &timing, is_http2))
            }
        };
        self.serve_with(answer, connection, timing, open, graceful);
    }

    /// Serves one connection with `answer`, which may upgrade it to another protocol.
    fn serve_with<S, F, B>(
        &self,
        answer: impl Fn(Request<Incoming>) -> F + 'static,
        connection: Connection<S>,
        timing: Arc<Timing>,
        open: OpenConnection,
        graceful: &GracefulShutdown,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        F: Future<Output = Response<B>> + 'static,
        B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + 'static,
    {
        let Connection {
            io, peer, local, ..
        } = connection;
        // `map` keeps one copy of the future; an async block around it would keep two, and
        // hyper moves the future once per request.
        let service = service_fn(move |request| answer(request).map(Ok::<_, Infallible>));
        let io = TokioIo::new(Timed::new(io, timing.clone()));
        let connection = self
            .builder
            .serve_connection_with_upgrades(io, service)
            .into_owned();
        let connection = graceful.watch(connection);
        tokio::task::spawn_local(async move {
            let _open = open;
            match timing.serve(connection).await {
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    tracing::debug!(%peer, %local, %error, "connection ended early");
                }
                None if timing.phase() == Phase::Head => {
                    tracing::debug!(%peer, %local, "head timeout; connection closed");
                }
                None => tracing::debug!(%peer, %local, "idle timeout; connection closed"),
            }
        });
    }
}

/// A connection: a byte stream of any kind (TCP, or memory in a test) and its endpoints.
pub(crate) struct Connection<S> {
    pub(crate) io: S,
    /// The client's address.
    pub(crate) peer: SocketAddr,
    /// `https` if the stream is encrypted.
    pub(crate) scheme: Scheme,
    /// The address that the client connected to.
    pub(crate) local: SocketAddr,
}

impl Connection<tokio::net::TcpStream> {
    /// Registers an accepted connection with the runtime of this thread.
    ///
    /// # Errors
    /// The client has closed the connection.
    pub(crate) fn tcp(stream: TcpStream, peer: SocketAddr) -> io::Result<Self> {
        // With Nagle's algorithm a reply could wait for an acknowledgement of the last.
        stream.set_nodelay(true)?;
        let local = stream.local_addr()?;
        let io = tokio::net::TcpStream::from_std(stream)?;
        Ok(Self {
            io,
            peer,
            scheme: Scheme::HTTP,
            local,
        })
    }
}

#[cfg(test)]
mod tests;
