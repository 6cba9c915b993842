//! Waiting for processes, with a time limit.

use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

/// Maximum duration of a command. Compiling a 20 MB component on a busy machine
/// takes most of it.
pub(crate) const LIMIT: Duration = Duration::from_secs(180);

/// Waits for a process to exit and returns its exit code. Kills the process and
/// returns `None` if it does not exit within `limit`.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> Option<Option<i32>> {
    let start = Instant::now();
    while start.elapsed() < limit {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status.code());
        }
        thread::sleep(Duration::from_millis(2));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}
