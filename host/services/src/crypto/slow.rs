//! Threads for operations that take milliseconds.
//!
//! As many run at once as the machine has cores, so that they do not fill all threads of the
//! workers' runtimes. An operation that waits for its turn is abandoned with its future; one
//! that runs continues to its end, which the maximum of its costs bounds.

use std::sync::{Arc, LazyLock};
use std::thread::available_parallelism;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::outcome::{Failed, Outcome};

/// One for the process, because all workers share its cores.
static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let cores = available_parallelism().map_or(1, std::num::NonZero::get);
    Arc::new(Semaphore::new(cores))
});

/// Runs work on a thread of its own when it is its turn.
pub(super) async fn run(
    work: Box<dyn FnOnce() -> Result<Outcome, Failed> + Send>,
) -> Result<Outcome, Failed> {
    // The semaphore is never closed.
    let turn = TURNS.clone().acquire_owned().await.map_err(stopped)?;
    let done = spawn_blocking(move || {
        let result = work();
        drop(turn);
        result
    });
    done.await.map_err(stopped)?
}

/// The thread panicked, or the host is shutting down.
fn stopped<E>(_: E) -> Failed {
    Failed::new(
        "failed",
        "the host could not complete the operation; see its log",
    )
}
