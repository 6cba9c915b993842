//! Timers.

use std::error::Error;
use std::fmt;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crate::task::Operation;
use crate::{Content, task};

/// Waits.
///
/// ```
/// use std::time::Duration;
/// use spikard_wasm_sdk::{get, sleep};
///
/// #[get("/slow")]
/// async fn slow() -> &'static str {
///     sleep(Duration::from_millis(20)).await;
///     "done"
/// }
/// ```
///
/// A timer that the host refuses, for example because the instance has too many operations in
/// progress, fails the request.
pub async fn sleep(duration: Duration) {
    let head = format!(r#"{{"ms":{}}}"#, duration.as_secs_f64() * 1000.0);
    if let Err(error) = Operation::new("sleep", head, Content::Empty).await {
        task::report(&format!("`sleep` failed: {error}"), "");
    }
}

/// Waits for a future, but not longer than `duration`. Drops the future then, which stops its
/// operations.
///
/// ```
/// use std::time::Duration;
/// use spikard_wasm_sdk::{HttpError, get, sleep, timeout};
///
/// #[get("/slow")]
/// async fn slow() -> Result<&'static str, HttpError> {
///     let work = sleep(Duration::from_secs(60));
///     timeout(Duration::from_secs(1), work)
///         .await
///         .map_err(|_| HttpError::new(504, "this takes too long"))?;
///     Ok("done")
/// }
/// ```
///
/// # Errors
/// [`Elapsed`] if the time has passed.
pub async fn timeout<F: Future>(duration: Duration, future: F) -> Result<F::Output, Elapsed> {
    let mut future = pin!(future);
    let mut timer = pin!(sleep(duration));
    std::future::poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Ok(output));
        }
        // Only a future that waits costs a timer.
        timer.as_mut().poll(context).map(|()| Err(Elapsed))
    })
    .await
}

/// The time limit of [`timeout`] has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Elapsed;

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time limit has passed")
    }
}

impl Error for Elapsed {}
