//! Connection timeouts: head timeout and idle timeout.
//!
//! hyper's timer treats the wait for a request and the time to receive it as one. Here the first
//! byte of a head ends the idle time and starts the head timeout. Progress in sending a response
//! resets both, so a slow client is not cut off, but one that stopped reading is. An HTTP/2 client
//! can send frames that are not requests, so there only a complete request head ends the idle time.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep_until};

/// State of a connection's timeouts.
pub(crate) struct Timing {
    head: Duration,
    idle: Duration,
    phase: Cell<Phase>,
    since: Cell<Instant>,
    requests: Cell<u32>,
    is_http2: Cell<bool>,
}

/// Phase of a connection; it determines the timeout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Receiving a request head. A new connection starts here.
    Head,
    /// Serving at least one request; no timeout applies.
    Busy,
    /// Waiting for the next request.
    Idle,
}

impl Timing {
    /// Starts the head timeout of a connection that was just accepted.
    pub(crate) fn new(head: Duration, idle: Duration) -> Rc<Self> {
        Rc::new(Self {
            head,
            idle,
            phase: Cell::new(Phase::Head),
            since: Cell::new(Instant::now()),
            requests: Cell::new(0),
            is_http2: Cell::new(false),
        })
    }

    /// Marks the connection as busy with a request until the returned value is dropped.
    pub(crate) fn request(self: &Rc<Self>, is_http2: bool) -> Busy {
        self.is_http2.set(is_http2);
        self.requests.set(self.requests.get() + 1);
        self.phase.set(Phase::Busy);
        Busy(self.clone())
    }

    /// Returns the current phase.
    pub(crate) fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// Returns the deadline of the current phase.
    fn deadline(&self) -> Option<Instant> {
        match self.phase.get() {
            Phase::Head => Some(self.since.get() + self.head),
            Phase::Busy => None,
            Phase::Idle => Some(self.since.get() + self.idle),
        }
    }

    fn on_read(&self) {
        if self.phase.get() == Phase::Idle && !self.is_http2.get() {
            self.phase.set(Phase::Head);
            self.since.set(Instant::now());
        }
    }

    fn on_write(&self) {
        if self.phase.get() != Phase::Busy {
            self.since.set(Instant::now());
        }
    }

    /// Runs a connection to its end; `None` if a timeout expired first.
    pub(crate) async fn serve<F: Future>(&self, connection: F) -> Option<F::Output> {
        let mut connection = pin!(connection);
        let mut timer = pin!(sleep_until(Instant::now() + self.head));
        poll_fn(|cx| {
            if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                return Poll::Ready(Some(ended));
            }
            loop {
                // The timer is reset only to an earlier deadline or after it fired. Some early
                // wake-ups cost less than a reset per request.
                match self.deadline() {
                    Some(due) if due < timer.deadline() || timer.is_elapsed() => {
                        timer.as_mut().reset(due);
                    }
                    None if timer.is_elapsed() => {
                        timer.as_mut().reset(Instant::now() + self.idle);
                    }
                    _ => {}
                }
                ready!(timer.as_mut().poll(cx));
                if self.deadline().is_some_and(|due| due <= Instant::now()) {
                    return Poll::Ready(None);
                }
            }
        })
        .await
    }
}

/// Marks a connection as busy with a request.
pub(crate) struct Busy(Rc<Timing>);

impl Drop for Busy {
    fn drop(&mut self) {
        let timing = &self.0;
        let left = timing.requests.get().saturating_sub(1);
        timing.requests.set(left);
        if left == 0 {
            timing.phase.set(Phase::Idle);
            timing.since.set(Instant::now());
        }
    }
}

/// Stream that reports its reads and writes to a [`Timing`].
pub(crate) struct Timed<S> {
    stream: S,
    timing: Rc<Timing>,
}

impl<S> Timed<S> {
    pub(crate) fn new(stream: S, timing: Rc<Timing>) -> Self {
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

    /// Returns the lifetime of a connection on which only `event` happens.
    fn lifetime(event: impl AsyncFnOnce(Rc<Timing>)) -> Duration {
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
