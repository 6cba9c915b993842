//! What a guest prints goes to the host's log, a line at a time.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use spikard_wasm_app::one_line;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};

/// The longest line that is logged whole, in bytes.
pub(crate) const MAX_LINE: usize = 8 << 10;

/// Standard output or standard error of a guest.
#[derive(Clone)]
pub(crate) struct GuestLog {
    component: Arc<str>,
    is_error: bool,
}

impl GuestLog {
    pub(crate) fn new(component: &Arc<str>, is_error: bool) -> Self {
        Self {
            component: component.clone(),
            is_error,
        }
    }

    fn line(&self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
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

impl IsTerminal for GuestLog {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestLog {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(Lines {
            log: self.clone(),
            partial: Vec::new(),
        })
    }
}

/// Collects bytes until a line is complete, or longer than is logged whole.
struct Lines {
    log: GuestLog,
    partial: Vec<u8>,
}

impl AsyncWrite for Lines {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = MAX_LINE.saturating_sub(self.partial.len());
            let kept = &piece[..piece.len().min(room)];
            self.partial.extend_from_slice(kept);
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.partial);
                self.log.line(&line);
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let rest = std::mem::take(&mut self.partial);
        self.log.line(&rest);
    }
}
