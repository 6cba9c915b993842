//! Serves one connection. Its first bytes select HTTP/1.1 or HTTP/2 with prior knowledge (h2c).

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use hyper::Version;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::app_router::AppRouter;
use crate::body_activity::observed;
use crate::settings::Settings;
use crate::shared::Open;
use crate::timing::{Phase, Timed, Timing};

/// How many requests one HTTP/2 connection may have in flight.
const MAX_STREAMS: u32 = 128;

/// The most that hyper reads of a head, in bytes. It is more than `head::MAX_FIELDS`, so
/// that a head beyond that gets 431, and a target beyond 65,534 bytes gets 414, instead of
/// a connection that breaks: a line, the fields, and some room.
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
            // `Timing` does that, and tells a head that is late from a connection that is idle.
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

    /// Serves one connection to its end, in a task of its own.
    pub(crate) fn serve<S>(
        &self,
        connection: Connection<S>,
        open: Open,
        graceful: &GracefulShutdown,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let Connection { io, peer, local } = connection;
        let router = self.router.clone();
        let timing = Timing::new(self.head_timeout, self.idle_timeout);
        let seen = timing.clone();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let is_http2 = request.version() == Version::HTTP_2;
            let busy = seen.request(is_http2);
            let timing = seen.clone();
            let (app, request, arrival) = router.route(request, peer);
            async move {
                let _busy = busy;
                let response = app.respond(request, arrival).await;
                Ok::<_, Infallible>(response.map(|body| observed(body, &timing, is_http2)))
            }
        });
        let io = TokioIo::new(Timed::new(io, timing.clone()));
        let connection = self.builder.serve_connection(io, service).into_owned();
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

/// A connection, whatever carries its bytes: TCP now, or memory in a test.
pub(crate) struct Connection<S> {
    pub(crate) io: S,
    /// The client's address.
    pub(crate) peer: SocketAddr,
    /// The address that the client connected to.
    pub(crate) local: SocketAddr,
}

impl Connection<tokio::net::TcpStream> {
    /// A connection that the listener accepted, for the runtime of this thread.
    ///
    /// # Errors
    /// The client has closed it already.
    pub(crate) fn tcp(stream: TcpStream, peer: SocketAddr) -> io::Result<Self> {
        // Without this a reply waits for the client's acknowledgement of the last.
        stream.set_nodelay(true)?;
        let local = stream.local_addr()?;
        let io = tokio::net::TcpStream::from_std(stream)?;
        Ok(Self { io, peer, local })
    }
}

#[cfg(test)]
mod tests;
