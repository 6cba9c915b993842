//! Accept loop: starts the workers, distributes connections, and shuts down gracefully.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::admission::{ConnectionLimit, Requests};
use crate::error::ServeError;
use crate::handle::Handle;
use crate::hosted_app::HostedApp;
use crate::listener::Listener;
use crate::metrics::{self, Figures};
use crate::settings::{Metrics, Settings};
use crate::shared::{Apps, Shared};
use crate::shutdown::Signals;
use crate::worker::Worker;

/// Pause after a failed accept, for example when the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves apps until SIGTERM, SIGINT or [`Handle::stop`]. Calls `ready` with the handle once
/// the host accepts connections.
///
/// The first signal starts a graceful shutdown: the host accepts no more connections and
/// finishes the requests in flight. A second signal aborts them.
///
/// # Errors
/// A worker cannot start, or two apps have the same mount.
pub fn serve(
    listener: Listener,
    apps: Vec<Arc<HostedApp>>,
    settings: &Settings,
    ready: impl FnOnce(Handle),
) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(ServeError::Worker)?;
    let number = settings.workers.max(1);
    let requests = Requests::new(settings.requests);
    let figures = Figures::new(&requests, number);
    let all = Apps::new(&apps)?;
    drop(apps);
    all.count(&figures, number);
    let shared = |worker| Shared {
        number: worker,
        workers: number,
        requests: requests.clone(),
        figures: figures.clone(),
        serves_metrics: matches!(settings.metrics, Metrics::On),
    };
    let start = |worker| Worker::start(shared(worker), all.clone(), settings.clone());
    let workers: Vec<Worker> = (0..number).map(start).collect::<Result<_, _>>()?;
    // The last worker that serves a replaced app drops it, so nothing here may hold it.
    drop(all);
    for worker in &workers {
        worker.wait_until_ready()?;
    }
    let stop = Arc::new(Notify::new());
    let messages = workers.iter().map(Worker::messages).collect();
    let handle = Handle::new(messages, figures.clone(), stop.clone());
    let signals = runtime.block_on(async {
        let mut signals = Signals::new()?;
        let listener = TcpListener::from_std(listener.socket)?;
        if let Metrics::At(listener) = &settings.metrics {
            let socket = listener.socket.try_clone()?;
            tokio::spawn(figures.clone().serve(socket));
            tracing::info!(
                "serving metrics at http://{}{}",
                listener.address(),
                metrics::PATH
            );
        }
        ready(handle);
        tokio::select! {
            () = accept(&listener, &workers, &figures, settings.connections) => {}
            () = signals.next() => {}
            () = stop.notified() => {}
        }
        Ok(signals)
    });
    let mut signals: Signals = signals.map_err(ServeError::Worker)?;
    tracing::info!("graceful shutdown started; a second signal aborts requests in flight");
    for worker in &workers {
        worker.stop();
    }
    let drained = tokio::task::LocalSet::new().block_on(&runtime, async {
        let all = futures_util::future::join_all(workers.iter().map(Worker::stopped));
        tokio::select! {
            _ = all => true,
            () = tokio::time::sleep(settings.drain_timeout) => false,
            () = signals.again() => false,
        }
    });
    if drained {
        tracing::info!("stopped");
    } else {
        tracing::warn!("stopped with requests in flight; they were aborted");
    }
    Ok(())
}

async fn accept(listener: &TcpListener, workers: &[Worker], figures: &Figures, connections: usize) {
    let limit = ConnectionLimit::new(connections);
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let Some(stream) = limit.admit(figures.connections(), stream) else {
                    figures.count_refused_connection();
                    continue;
                };
                let least = workers.iter().min_by_key(|worker| worker.connections());
                if let Some(worker) = least {
                    match stream.into_std() {
                        Ok(stream) => worker.give(stream, peer),
                        Err(error) => tracing::debug!(%error, "connection lost"),
                    }
                }
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "accept failed; retrying");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Returns true if an accept error affects only the connection that was being accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}
