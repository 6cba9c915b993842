//! Shutdown signals: SIGTERM and SIGINT.

use std::io;
use std::time::Duration;

use futures_util::FutureExt;

/// Time after the first signal in which another one has no effect. Programs such as `timeout`
/// and npm forward a signal that this process has received from the terminal too.
const SAME_SIGNAL: Duration = Duration::from_millis(200);

/// Listener for shutdown signals.
pub(crate) struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    /// Starts to listen.
    pub(crate) fn new() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
            })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits for another signal after the first.
    pub(crate) async fn again(&mut self) {
        tokio::time::sleep(SAME_SIGNAL).await;
        while self.next().now_or_never().is_some() {}
        self.next().await;
    }
}
