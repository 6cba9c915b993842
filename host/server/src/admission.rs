//! How many requests and connections there may be at once. What is past that is
//! refused at once, with 503: a client that is told so can go elsewhere or come
//! back, while one that waits takes memory here.

use std::io::Write;
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use spikard_wasm_app::{Problem, Refusal};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// How often the log says that something is refused for want of room.
const SAY_EVERY: Duration = Duration::from_secs(10);

/// How many refused connections are waited for at once, so that a client that still
/// sends does not lose the answer to the reset which that would bring.
const LINGERING: usize = 128;

/// How long, and for how many bytes of its request.
const LINGER_TIME: Duration = Duration::from_millis(500);
const LINGER_BYTES: usize = 64 << 10;

/// What a client is told.
const REFUSAL: Refusal = Refusal::Overloaded { retry_after: 1 };

/// The requests in flight over all workers.
pub(crate) struct Requests {
    now: AtomicUsize,
    refused: AtomicU64,
    most: usize,
    seldom: Seldom,
}

/// A request in flight, until it is dropped.
pub(crate) struct Admitted(Arc<Requests>);

impl Requests {
    /// As many as `most` at once.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            now: AtomicUsize::new(0),
            refused: AtomicU64::new(0),
            most: most.max(1),
            seldom: Seldom::new(),
        })
    }

    /// How many were refused.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Lets a request in.
    ///
    /// # Errors
    /// 503, where as many are in flight as may.
    pub(crate) fn enter(self: &Arc<Self>) -> Result<Admitted, Refusal> {
        let before = self.now.fetch_add(1, Ordering::Relaxed);
        let admitted = Admitted(self.clone());
        if before < self.most {
            return Ok(admitted);
        }
        self.refused.fetch_add(1, Ordering::Relaxed);
        self.seldom.say(|refused| {
            tracing::warn!(
                most = self.most,
                refused,
                "as many requests are in flight as `--max-in-flight` allows; more are refused"
            );
        });
        Err(REFUSAL)
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Turns connections away.
pub(crate) struct Doorkeeper {
    most: usize,
    response: Arc<[u8]>,
    lingering: Arc<Semaphore>,
    seldom: Seldom,
}

impl Doorkeeper {
    /// Lets as many connections in as `most`.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            response: response().into(),
            lingering: Arc::new(Semaphore::new(LINGERING)),
            seldom: Seldom::new(),
        }
    }

    /// Gives a connection back that may come in; answers the others, where `open` are
    /// there already.
    pub(crate) fn admit(&self, open: usize, stream: TcpStream) -> Option<TcpStream> {
        if open < self.most {
            return Some(stream);
        }
        self.seldom.say(|refused| {
            tracing::warn!(
                most = self.most,
                refused,
                "as many connections are open as `--max-connections` allows; more are refused"
            );
        });
        let response = self.response.clone();
        match self.lingering.clone().try_acquire_owned() {
            Ok(permit) => {
                tokio::spawn(async move {
                    let _permit = permit;
                    let answer = answer(stream, &response);
                    let _ = tokio::time::timeout(LINGER_TIME, answer).await;
                });
            }
            // The buffer of a new connection is empty, so that the write does not wait.
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

/// Sends the answer, and reads until the client is done too.
async fn answer(mut stream: TcpStream, response: &[u8]) -> std::io::Result<()> {
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

/// The whole response to a connection that is refused, in HTTP/1.1 whatever the
/// client speaks: it is not read.
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

/// Says a thing at most once in a while, and how often it happened since.
struct Seldom {
    start: Instant,
    /// Milliseconds after `start` from which it is said again.
    next: AtomicU64,
    count: AtomicU64,
}

impl Seldom {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            next: AtomicU64::new(0),
            count: AtomicU64::new(0),
        }
    }

    fn say(&self, words: impl FnOnce(u64)) {
        self.count.fetch_add(1, Ordering::Relaxed);
        let now = self.start.elapsed().as_millis() as u64;
        let next = self.next.load(Ordering::Relaxed);
        let then = now + SAY_EVERY.as_millis() as u64;
        let order = Ordering::Relaxed;
        if now >= next && self.next.compare_exchange(next, then, order, order).is_ok() {
            words(self.count.swap(0, order));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_requests_as_there_may_be() {
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
        assert_eq!(requests.now.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn says_it_seldom() {
        let seldom = Seldom::new();
        let mut said = Vec::new();
        for _ in 0..3 {
            seldom.say(|count| said.push(count));
        }
        seldom.next.store(0, Ordering::Relaxed);
        seldom.say(|count| said.push(count));
        assert_eq!(said, [1, 3]);
    }

    #[test]
    fn the_answer_to_a_refused_connection_is_http() {
        let text = String::from_utf8(response()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("\r\nretry-after: 1\r\n"), "{head}");
        assert!(head.ends_with(&format!("content-length: {}", body.len())));
        assert!(body.starts_with('{'), "{body}");
    }
}
