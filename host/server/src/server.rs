//! The accepting thread: starts the workers, deals out connections, and stops.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use spikard_wasm_app::App;
use spikard_wasm_runtime::Loaded;
use tokio::net::TcpListener;

use crate::admission::{Doorkeeper, Requests};
use crate::error::ServeError;
use crate::listener::Listener;
use crate::metrics::{self, Figures};
use crate::policy::StaticFiles;
use crate::settings::{Metrics, Settings};
use crate::shutdown::Signals;
use crate::worker::{Shared, Worker};

/// How long to wait when no connection can be accepted, for want of file
/// descriptors for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves an app until a signal says to stop. `ready` is called once connections
/// are accepted.
///
/// At the first SIGTERM or SIGINT no connection is accepted any more and the
/// requests in flight are finished; at the second they are given up.
///
/// # Errors
/// A worker cannot start, or a folder of files is not there.
pub fn serve(
    listener: Listener,
    app: Arc<App>,
    component: &Loaded,
    settings: &Settings,
    ready: impl FnOnce(),
) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(ServeError::Worker)?;
    let files = StaticFiles::open(&app, settings.static_root.as_deref())?;
    let requests = Requests::new(settings.requests);
    let figures = Figures::new(&app, &requests, settings.workers.max(1));
    let shared = Shared {
        app,
        component: component.clone(),
        files,
        requests,
        figures: figures.clone(),
    };
    let start =
        |(number, of_worker)| Worker::start(number, of_worker, shared.clone(), settings.clone());
    let workers = figures.workers().iter().enumerate().map(start);
    let workers: Vec<Worker> = workers.collect::<Result<_, _>>()?;
    for worker in &workers {
        worker.wait_until_ready()?;
    }
    let signals = runtime.block_on(async {
        let mut signals = Signals::new()?;
        let listener = TcpListener::from_std(listener.socket)?;
        if let Metrics::At(listener) = &settings.metrics {
            let socket = listener.socket.try_clone()?;
            tokio::spawn(figures.clone().serve(socket));
            tracing::info!(
                "metrics are at http://{}{}",
                listener.address(),
                metrics::PATH
            );
        }
        ready();
        tokio::select! {
            () = accept(&listener, &workers, &figures, settings.connections) => {}
            () = signals.next() => {}
        }
        Ok(signals)
    });
    let mut signals: Signals = signals.map_err(ServeError::Worker)?;
    tracing::info!("stopping: requests in flight are finished, a second signal gives them up");
    for worker in &workers {
        worker.stop();
    }
    let drained = tokio::task::LocalSet::new().block_on(&runtime, async {
        let all = futures_util::future::join_all(workers.iter().map(Worker::stopped));
        tokio::select! {
            _ = all => true,
            () = tokio::time::sleep(settings.drain_timeout) => false,
            () = signals.next() => false,
        }
    });
    if drained {
        tracing::info!("stopped");
    } else {
        tracing::warn!("stopped with requests in flight");
    }
    Ok(())
}

async fn accept(listener: &TcpListener, workers: &[Worker], figures: &Figures, connections: usize) {
    let doorkeeper = Doorkeeper::new(connections);
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let Some(stream) = doorkeeper.admit(figures.connections(), stream) else {
                    figures.refused_connection();
                    continue;
                };
                let least = workers.iter().min_by_key(|worker| worker.connections());
                if let Some(worker) = least {
                    match stream.into_std() {
                        Ok(stream) => worker.give(stream, peer),
                        Err(error) => tracing::debug!(%error, "a connection was lost"),
                    }
                }
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection can be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Whether an error is about the connection that was to be accepted alone.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}
