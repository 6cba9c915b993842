//! The calls of an app before its first request and after its last one.

use std::time::Duration;

use spikard_wasm_app::Isolation;
use spikard_wasm_runtime::CallError;

use crate::error::ServeError;
use crate::hosted_app::HostedApp;
use crate::warm_pool::WarmPool;

/// Maximum duration of each call.
const DEADLINE: Duration = Duration::from_secs(60);

/// Calls the app before its first request.
///
/// # Errors
/// The app failed, or took too long.
pub(crate) async fn start(hosted: &HostedApp, pool: &WarmPool) -> Result<(), ServeError> {
    let Some(number) = hosted.app.lifespan().start else {
        return Ok(());
    };
    let called = pool.call_outside(number, isolation(hosted), DEADLINE).await;
    called.map_err(|error| {
        if let Some(detail) = detail(&error) {
            tracing::error!(detail, "the start of the app failed");
        }
        ServeError::Start(hosted.app.name().to_owned(), error)
    })
}

/// Calls the app after its last request. Logs a failure.
pub(crate) async fn stop(hosted: &HostedApp, pool: &WarmPool) {
    let Some(number) = hosted.app.lifespan().stop else {
        return;
    };
    let called = pool.call_outside(number, isolation(hosted), DEADLINE).await;
    if let Err(error) = called {
        let app = hosted.app.name();
        let detail = detail(&error);
        tracing::error!(app, %error, detail, "the stop of the app failed");
    }
}

/// Returns the isolation of the calls, one that the app's routes use.
fn isolation(hosted: &HostedApp) -> Isolation {
    let all = [Isolation::Reuse, Isolation::Shared];
    let found = all.into_iter().find(|isolation| hosted.app.has(*isolation));
    found.unwrap_or(Isolation::Fresh)
}

/// Returns the stack of the app's code.
fn detail(error: &CallError) -> Option<&str> {
    match error {
        CallError::Failure { detail, .. } | CallError::Trap { detail, .. } => {
            Some(detail.as_str()).filter(|detail| !detail.is_empty())
        }
        _ => None,
    }
}
