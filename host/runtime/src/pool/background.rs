//! Work of a request after its reply, and the end of requests that were cancelled.
//!
//! The instance stays with the request until its operations have ended, so that this work
//! never runs within another request.

use std::time::Duration;

use super::lease::{Lease, Running};
use crate::error::root_cause;
use crate::stats::RecycleReason;

/// Maximum time for the cleanup code of a cancelled task.
const CLEANUP: Duration = Duration::from_secs(1);

/// How the operations of an instance ended.
enum Drained {
    Ended,
    /// The time is over. The guest runs no code if the flag is true.
    Late(bool),
    Trapped,
}

impl Lease {
    /// Finishes the operations of a request that was answered.
    pub(super) fn finish(self) {
        tokio::task::spawn_local(finish(self));
    }

    /// Cancels the tasks of a request whose client has disconnected or whose deadline has passed.
    pub(super) fn cancel(self, why: RecycleReason) {
        tokio::task::spawn_local(stop(Running::continued(self), why));
    }
}

async fn finish(lease: Lease) {
    let limit = lease.pool().component.limits().background_time;
    let mut running = Running::continued(lease);
    match drain(&mut running, limit).await {
        Drained::Ended => running.done(),
        Drained::Trapped => running.discard(RecycleReason::Trap),
        Drained::Late(is_waiting) => {
            let component = running.lease().pool().component.name().to_owned();
            tracing::warn!(
                component,
                "work after a reply was cancelled; it took longer than {limit:?}, the limit `background_time`"
            );
            match is_waiting {
                true => stop(running, RecycleReason::Deadline).await,
                false => running.discard(RecycleReason::Deadline),
            }
        }
    }
}

/// Cancels the tasks of an instance. Keeps the instance if their cleanup code ends in time.
async fn stop(mut running: Running<Lease>, why: RecycleReason) {
    let stopped = tokio::time::timeout(CLEANUP, async {
        let open = running.instance().map(|it| it.store.data().tasks().open());
        for task in open.unwrap_or_default() {
            running.cancel(task).await?;
        }
        while running.deliver().await? {}
        wasmtime::Result::Ok(())
    });
    match stopped.await {
        Ok(Ok(())) => running.done(),
        Ok(Err(error)) => {
            log_trap(&running, &error);
            running.discard(RecycleReason::Trap);
        }
        Err(_) => running.discard(why),
    }
}

/// Delivers results until no operation is in progress.
async fn drain(running: &mut Running<Lease>, limit: Duration) -> Drained {
    let drained = tokio::time::timeout(limit, async {
        while running.deliver().await? {}
        wasmtime::Result::Ok(())
    });
    match drained.await {
        Ok(Ok(())) => Drained::Ended,
        Ok(Err(error)) => {
            log_trap(running, &error);
            Drained::Trapped
        }
        Err(_) => Drained::Late(running.is_waiting),
    }
}

fn log_trap(running: &Running<Lease>, error: &wasmtime::Error) {
    let component = running.lease().pool().component.name().to_owned();
    tracing::error!(
        component,
        error = root_cause(error),
        "work after a reply trapped"
    );
}
