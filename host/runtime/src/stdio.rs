//! Standard output and standard error of guests, logged line by line.
//!
//! All streams of an instance to the same output share a buffer of at most one line. A write
//! fills the buffer before it returns, so the end of a call can log the rest: no line contains
//! output of two calls.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use spikard_wasm_app::one_line;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// Maximum length of a logged line in bytes; the rest is cut off.
pub(crate) const MAX_LINE: usize = 8 << 10;
/// Maximum bytes per write.
const MAX_WRITE: usize = 64 << 10;

/// Standard output or standard error of a guest.
#[derive(Clone)]
pub(crate) struct GuestLog(Arc<Mutex<Lines>>);

impl GuestLog {
    pub(crate) fn new(component: &Arc<str>, is_error: bool) -> Self {
        Self(Arc::new(Mutex::new(Lines {
            component: component.clone(),
            is_error,
            partial: Vec::new(),
        })))
    }

    /// Logs the incomplete line, if any.
    pub(crate) fn end_line(&self) {
        self.lines().end();
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl IsTerminal for GuestLog {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestLog {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    /// The default implementation writes in a separate task, possibly after the call ended.
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for GuestLog {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.lines().write(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl OutputStream for GuestLog {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.lines().write(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(MAX_WRITE)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for GuestLog {
    async fn ready(&mut self) {}
}

/// Buffers bytes until a line is complete, and drops bytes beyond the maximum line length.
struct Lines {
    component: Arc<str>,
    is_error: bool,
    partial: Vec<u8>,
}

impl Lines {
    fn write(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = MAX_LINE.saturating_sub(self.partial.len());
            self.partial
                .extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.ends_with(b"\n") {
                self.end();
            }
        }
    }

    fn end(&mut self) {
        if self.partial.is_empty() {
            return;
        }
        let line = std::mem::take(&mut self.partial);
        let text = String::from_utf8_lossy(&line);
        let text = one_line(text.trim_end());
        if text.is_empty() {
            return;
        }
        if self.is_error {
            tracing::warn!(target: "guest", component = &*self.component, "{text}");
        } else {
            tracing::info!(target: "guest", component = &*self.component, "{text}");
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests;
