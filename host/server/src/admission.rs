//! Limits on concurrent requests and connections.
//!
//! The host rejects the excess at once with 503 instead of queueing it: the client can retry
//! elsewhere, and waiting clients would occupy memory.

use std::io::Write;
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use spikard_wasm_app::{Problem, Refusal};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// Minimum interval between two log events of the same kind.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Maximum rejected connections to drain at once. Closing a connection with unread data sends
/// a reset, which could destroy the response before the client reads it.
const LINGERING: usize = 128;

/// Maximum time and request bytes to drain per rejected connection.
const LINGER_TIME: Duration = Duration::from_millis(500);
const LINGER_BYTES: usize = 64 << 10;

/// Response to rejected requests and connections.
const REFUSAL: Refusal = Refusal::Overloaded { retry_after: 1 };

/// Counts and limits the requests in flight over all workers.
pub(crate) struct Requests {
    in_flight: AtomicUsize,
    refused: AtomicU64,
    max: usize,
    throttle: LogThrottle,
}

/// Counts one request as in flight until it is dropped.
pub(crate) struct InFlightGuard(Arc<Requests>);

impl Requests {
    /// Creates a limit of `max` requests in flight, but at least one.
    pub(crate) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self {
            in_flight: AtomicUsize::new(0),
            refused: AtomicU64::new(0),
            max: max.max(1),
            throttle: LogThrottle::new(),
        })
    }

    /// Returns the number of rejected requests.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Admits a request.
    ///
    /// # Errors
    /// 503 if the maximum number of requests is in flight.
    pub(crate) fn enter(self: &Arc<Self>) -> Result<InFlightGuard, Refusal> {
        let before = self.in_flight.fetch_add(1, Ordering::Relaxed);
        let admitted = InFlightGuard(self.clone());
        if before < self.max {
            return Ok(admitted);
        }
        self.refused.fetch_add(1, Ordering::Relaxed);
        self.throttle.log(|rejected| {
            tracing::warn!(
                flag = "--max-in-flight",
                limit = self.max,
                rejected,
                "too many requests in flight; rejecting with 503"
            );
        });
        Err(REFUSAL)
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Rejects connections beyond the limit.
pub(crate) struct ConnectionLimit {
    max: usize,
    response: Arc<[u8]>,
    lingering: Arc<Semaphore>,
    throttle: LogThrottle,
}

impl ConnectionLimit {
    /// Creates a limit of `max` open connections, but at least one.
    pub(crate) fn new(max: usize) -> Self {
        Self {
            max: max.max(1),
            response: response().into(),
            lingering: Arc::new(Semaphore::new(LINGERING)),
            throttle: LogThrottle::new(),
        }
    }

    /// Returns the connection if it is admitted next to `open` others; otherwise rejects it with
    /// 503.
    pub(crate) fn admit(&self, open: usize, stream: TcpStream) -> Option<TcpStream> {
        if open < self.max {
            return Some(stream);
        }
        self.throttle.log(|rejected| {
            tracing::warn!(
                flag = "--max-connections",
                limit = self.max,
                rejected,
                "too many connections; rejecting with 503"
            );
        });
        let response = self.response.clone();
        match self.lingering.clone().try_acquire_owned() {
            Ok(permit) => {
                tokio::spawn(async move {
                    let _permit = permit;
                    let rejection = reject(stream, &response);
                    let _ = tokio::time::timeout(LINGER_TIME, rejection).await;
                });
            }
            // The send buffer of a new connection is empty, so the write does not block.
            Err(_) => {
                if let Ok(mut stream) = stream.into_std() {
                    let _ = stream.write(&response);
                    let _ = stream.shutdown(Shutdown::Write);
                }
            }
        }
        None
    }
}

/// Sends the response, then reads and drops data until the client closes its side.
async fn reject(mut stream: TcpStream, response: &[u8]) -> std::io::Result<()> {
    stream.write_all(response).await?;
    stream.shutdown().await?;
    let mut read = 0;
    let mut buffer = [0; 1024];
    while read < LINGER_BYTES {
        match stream.read(&mut buffer).await? {
            0 => break,
            more => read += more,
        }
    }
    Ok(())
}

/// Builds the complete response to a rejected connection. It is always HTTP/1.1, because the
/// host does not read the request.
fn response() -> Vec<u8> {
    let retry = REFUSAL.header();
    let retry = retry.map_or_else(String::new, |(name, value)| format!("{name}: {value}\r\n"));
    let body = REFUSAL.into_problem().to_json();
    let (kind, length) = (Problem::CONTENT_TYPE, body.len());
    format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: {kind}\r\n{retry}connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Limits a log event to one per interval and counts the occurrences in between.
struct LogThrottle {
    start: Instant,
    /// Milliseconds after `start` at which the next event may be logged.
    next: AtomicU64,
    count: AtomicU64,
}

impl LogThrottle {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            next: AtomicU64::new(0),
            count: AtomicU64::new(0),
        }
    }

    fn log(&self, event: impl FnOnce(u64)) {
        self.count.fetch_add(1, Ordering::Relaxed);
        let now = self.start.elapsed().as_millis() as u64;
        let next = self.next.load(Ordering::Relaxed);
        let then = now + LOG_INTERVAL.as_millis() as u64;
        let order = Ordering::Relaxed;
        if now >= next && self.next.compare_exchange(next, then, order, order).is_ok() {
            event(self.count.swap(0, order));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_in_flight_are_limited() {
        let requests = Requests::new(2);
        let first = requests.enter().ok();
        let second = requests.enter().ok();
        assert!(first.is_some() && second.is_some());
        for _ in 0..3 {
            assert_eq!(requests.enter().err(), Some(REFUSAL));
        }
        drop(first);
        assert!(requests.enter().is_ok());
        drop(second);
        assert_eq!(requests.in_flight.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn throttles_and_counts() {
        let throttle = LogThrottle::new();
        let mut logged = Vec::new();
        for _ in 0..3 {
            throttle.log(|count| logged.push(count));
        }
        throttle.next.store(0, Ordering::Relaxed);
        throttle.log(|count| logged.push(count));
        assert_eq!(logged, [1, 3]);
    }

    #[test]
    fn rejected_connections_get_an_http_response() {
        let text = String::from_utf8(response()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("\r\nretry-after: 1\r\n"), "{head}");
        assert!(head.ends_with(&format!("content-length: {}", body.len())));
        assert!(body.starts_with('{'), "{body}");
    }
}
