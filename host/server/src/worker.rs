//! A worker: a thread with its own async runtime and its own instances.

use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc as std_mpsc};
use std::thread;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use spikard_wasm_app::{App, Isolation};
use spikard_wasm_runtime::{CallError, Kind, Loaded, Pool};
use tokio::sync::{mpsc, watch};
use tokio::task::LocalSet;

use crate::admission::Requests;
use crate::connection::Connections;
use crate::error::ServeError;
use crate::http_app::HttpApp;
use crate::metrics::{Figures, WorkerFigures};
use crate::pipeline::Pipeline;
use crate::policy::StaticFiles;
use crate::service::Service;
use crate::settings::Settings;

/// The accepting thread's side of a worker.
pub(crate) struct Worker {
    connections: mpsc::UnboundedSender<Accepted>,
    figures: Arc<WorkerFigures>,
    stop: watch::Sender<bool>,
    stopped: watch::Receiver<bool>,
    ready: std_mpsc::Receiver<Result<(), CallError>>,
}

struct Accepted {
    stream: TcpStream,
    peer: SocketAddr,
    open: Open,
}

/// Counts a connection for as long as it is open.
pub(crate) struct Open(Arc<AtomicUsize>);

impl Open {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What all workers share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) app: Arc<App>,
    pub(crate) component: Loaded,
    pub(crate) files: StaticFiles,
    pub(crate) requests: Arc<Requests>,
    pub(crate) figures: Arc<Figures>,
}

impl Worker {
    /// Starts the thread; [`Worker::wait_until_ready`] tells how that went.
    pub(crate) fn start(
        number: usize,
        figures: &Arc<WorkerFigures>,
        shared: Shared,
        settings: Settings,
    ) -> Result<Self, ServeError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(ServeError::Worker)?;
        let (connections, accepted) = mpsc::unbounded_channel();
        let (stop, stopping) = watch::channel(false);
        let (done, stopped) = watch::channel(false);
        let (announce, ready) = std_mpsc::channel();
        let mine = figures.clone();
        thread::Builder::new()
            .name(format!("worker-{number}"))
            .spawn(move || {
                let local = LocalSet::new();
                let instances = settings.instances_per_worker;
                let component = shared.component.clone();
                let pool = Rc::new(Pool::new(component, instances, settings.recycling));
                mine.has_pool(pool.stats());
                let kind = shared.component.kind();
                let serves = |isolation| match kind {
                    Kind::Handler => shared.app.has(isolation),
                    Kind::Proxy | Kind::Service => settings.http.isolation == isolation,
                };
                let serves_fresh = serves(Isolation::Fresh);
                let serves_reused = serves(Isolation::Reuse);
                local.block_on(&runtime, async {
                    let keeper = pool.clone();
                    tokio::task::spawn_local(async move { keeper.keep(serves_fresh).await });
                    let warm = match serves_reused {
                        true if kind == Kind::Service => pool.warm_service().await,
                        true => pool.warm(Isolation::Reuse).await,
                        false => pool.warm(Isolation::Fresh).await,
                    };
                    let failed = warm.is_err();
                    if announce.send(warm).is_err() || failed {
                        return;
                    }
                    let service = match kind {
                        Kind::Handler => {
                            Service::Handler(Pipeline::new(shared, mine, pool, &settings))
                        }
                        Kind::Proxy | Kind::Service => {
                            Service::Http(HttpApp::new(shared, mine, pool, &settings))
                        }
                    };
                    run(&Rc::new(service), &settings, accepted, stopping).await;
                });
                let _ = done.send(true);
            })
            .map_err(ServeError::Worker)?;
        Ok(Self {
            connections,
            figures: figures.clone(),
            stop,
            stopped,
            ready,
        })
    }

    /// Waits until the worker has its first instance.
    pub(crate) fn wait_until_ready(&self) -> Result<(), ServeError> {
        let lost = |_| CallError::Instantiate("the worker's thread ended".to_owned());
        let ready = self.ready.recv().map_err(lost);
        ready.and_then(|warm| warm).map_err(ServeError::Instance)
    }

    /// How many connections it has open.
    pub(crate) fn connections(&self) -> usize {
        self.figures.connections.load(Ordering::Relaxed)
    }

    /// Gives it a connection.
    pub(crate) fn give(&self, stream: TcpStream, peer: SocketAddr) {
        let open = Open::new(&self.figures.connections);
        // A worker that is gone takes no connection; dropping it closes it.
        let _ = self.connections.send(Accepted { stream, peer, open });
    }

    /// Tells it to finish what is in flight and stop.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until it has stopped.
    pub(crate) async fn stopped(&self) {
        let _ = self.stopped.clone().wait_for(|stopped| *stopped).await;
    }
}

async fn run(
    service: &Rc<Service>,
    settings: &Settings,
    mut accepted: mpsc::UnboundedReceiver<Accepted>,
    mut stopping: watch::Receiver<bool>,
) {
    let graceful = GracefulShutdown::new();
    let connections = Connections::new(service.clone(), settings);
    loop {
        tokio::select! {
            next = accepted.recv() => {
                let Some(Accepted { stream, peer, open }) = next else { break };
                connections.serve(stream, peer, open, &graceful);
            }
            _ = stopping.wait_for(|stop| *stop) => break,
        }
    }
    graceful.shutdown().await;
    // The last responses are still being written when their connections end.
    tokio::time::sleep(Duration::from_millis(1)).await;
}
