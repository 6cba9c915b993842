//! Connection timeouts: head timeout and idle timeout.
//!
//! hyper has a single timer for the wait for a request and the time to receive it. Here the first
//! byte of a head ends the idle time and starts the head timeout. Progress in sending a response
//! resets both, so the host closes the connection of a client that stopped reading, but not that
//! of a slow one. An HTTP/2 client
//! can send frames that are not requests, so there only a complete request head ends the idle time.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use spikard_wasm_runtime::StampCell;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep};

/// The phase of a connection, and its limits. Only the worker's thread uses it; its fields
/// are atomic because an upgraded connection must be `Send`.
pub(crate) struct Timing {
    head: Duration,
    idle: Duration,
    phase: AtomicU8,
    /// The start of the phase's time limit.
    since: StampCell,
    requests: AtomicU32,
    is_http2: AtomicBool,
}

/// The phase of a connection, by the event that it waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    /// Waiting for the rest of a head, or for the first head.
    Head,
    /// Waiting for the host.
    Busy,
    /// Waiting for the next request.
    Idle,
}

impl Timing {
    /// Starts the timing of a connection that was just accepted.
    pub(crate) fn new(head: Duration, idle: Duration) -> Arc<Self> {
        Arc::new(Self {
            head,
            idle,
            phase: AtomicU8::new(Phase::Head as u8),
            since: StampCell::now(),
            requests: AtomicU32::new(0),
            is_http2: AtomicBool::new(false),
        })
    }

    /// Marks the connection as busy until the returned value is dropped.
    pub(crate) fn request(self: &Arc<Self>, is_http2: bool) -> Busy {
        self.is_http2.store(is_http2, Relaxed);
        self.requests.store(self.requests() + 1, Relaxed);
        self.phase.store(Phase::Busy as u8, Relaxed);
        Busy(self.clone())
    }

    /// Returns the phase of the connection.
    pub(crate) fn phase(&self) -> Phase {
        const HEAD: u8 = Phase::Head as u8;
        const BUSY: u8 = Phase::Busy as u8;
        match self.phase.load(Relaxed) {
            HEAD => Phase::Head,
            BUSY => Phase::Busy,
            _ => Phase::Idle,
        }
    }

    fn requests(&self) -> u32 {
        self.requests.load(Relaxed)
    }

    /// Returns the time until the connection times out; `None` if the host is busy.
    fn left(&self) -> Option<Duration> {
        let limit = match self.phase() {
            Phase::Head => self.head,
            Phase::Busy => return None,
            Phase::Idle => self.idle,
        };
        Some(limit.saturating_sub(self.since.elapsed()))
    }

    fn on_read(&self) {
        if self.phase() == Phase::Idle && !self.is_http2.load(Relaxed) {
            self.phase.store(Phase::Head as u8, Relaxed);
            self.since.restart();
        }
    }

    fn on_write(&self) {
        if self.phase() != Phase::Busy {
            self.since.restart();
        }
    }

    /// Serves a connection until it ends. Returns `None` if it timed out.
    pub(crate) async fn serve<F: Future>(&self, connection: F) -> Option<F::Output> {
        let mut connection = pin!(connection);
        // The timer rings once per period instead of being set for each request. No limit
        // that begins later can end within the period.
        let period = self.head.min(self.idle);
        let mut timer = pin!(sleep(period));
        poll_fn(|cx| {
            if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                return Poll::Ready(Some(ended));
            }
            loop {
                ready!(timer.as_mut().poll(cx));
                let left = self.left().unwrap_or(period);
                if left.is_zero() {
                    return Poll::Ready(None);
                }
                timer.as_mut().reset(Instant::now() + left.min(period));
            }
        })
        .await
    }
}

/// Keeps a connection busy while the host answers a request.
pub(crate) struct Busy(Arc<Timing>);

impl Drop for Busy {
    fn drop(&mut self) {
        let timing = &self.0;
        let left = timing.requests().saturating_sub(1);
        timing.requests.store(left, Relaxed);
        if left == 0 {
            timing.phase.store(Phase::Idle as u8, Relaxed);
            timing.since.restart();
        }
    }
}

/// A stream that reports its reads and writes to a [`Timing`].
pub(crate) struct Timed<S> {
    stream: S,
    timing: Arc<Timing>,
}

impl<S> Timed<S> {
    pub(crate) fn new(stream: S, timing: Arc<Timing>) -> Self {
        Self { stream, timing }
    }

    fn report_write(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(result, Poll::Ready(Ok(1..))) {
            self.timing.on_write();
        }
        result
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Timed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.timing.on_read();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Timed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.report_write(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.report_write(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;

    const HEAD: Duration = Duration::from_millis(40);
    const IDLE: Duration = Duration::from_millis(120);

    /// Returns the time for which a connection stays open after `event`.
    fn lifetime(event: impl AsyncFnOnce(Arc<Timing>)) -> Duration {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let start = Instant::now();
            let timing = Timing::new(HEAD, IDLE);
            let connection = async {
                event(timing.clone()).await;
                pending::<()>().await;
            };
            assert!(timing.serve(connection).await.is_none());
            start.elapsed()
        })
    }

    #[test]
    fn a_silent_connection_ends_at_the_head_timeout() {
        let lifetime = lifetime(async |_| {});
        assert!(lifetime >= HEAD && lifetime < IDLE, "{lifetime:?}");
    }

    #[test]
    fn an_idle_connection_ends_at_the_idle_timeout() {
        let lifetime = lifetime(async |timing| drop(timing.request(false)));
        assert!(lifetime >= IDLE, "{lifetime:?}");
    }

    #[test]
    fn a_byte_starts_the_head_timeout() {
        let lifetime = lifetime(async |timing| {
            drop(timing.request(false));
            timing.on_read();
            timing.on_read();
        });
        assert!(lifetime >= HEAD && lifetime < IDLE, "{lifetime:?}");
    }

    #[test]
    fn a_byte_on_http2_does_not_start_the_head_timeout() {
        let lifetime = lifetime(async |timing| {
            drop(timing.request(true));
            timing.on_read();
        });
        assert!(lifetime >= IDLE, "{lifetime:?}");
    }

    #[test]
    fn requests_and_writes_extend_the_lifetime() {
        let lifetime = lifetime(async |timing| {
            let busy = timing.request(false);
            tokio::time::sleep(2 * IDLE).await;
            drop(busy);
            tokio::time::sleep(IDLE / 2).await;
            timing.on_write();
        });
        assert!(lifetime >= IDLE * 7 / 2, "{lifetime:?}");
    }
}
