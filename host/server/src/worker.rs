//! A worker: a thread with its own async runtime and its own instances of every app.

use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc as std_mpsc};
use std::thread;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use spikard_wasm_app::{Mount, Mounts};
use spikard_wasm_runtime::CallError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::LocalSet;

use crate::admission::Requests;
use crate::connection::Connections;
use crate::error::ServeError;
use crate::metrics::Figures;
use crate::served::Served;
use crate::settings::Settings;
use crate::site::{Site, Tenants};

/// The accepting thread's side of a worker.
pub(crate) struct Worker {
    messages: Messages,
    open: Arc<AtomicUsize>,
    stop: watch::Sender<bool>,
    stopped: watch::Receiver<bool>,
    ready: std_mpsc::Receiver<Result<(), CallError>>,
}

/// Where a worker is told of what is new.
pub(crate) type Messages = mpsc::UnboundedSender<Message>;

/// What is new.
pub(crate) enum Message {
    Connection(Accepted),
    Apps(Change),
}

pub(crate) struct Accepted {
    stream: TcpStream,
    peer: SocketAddr,
    open: Open,
}

/// Other apps, which all workers get ready and then change to.
pub(crate) struct Change {
    pub(crate) apps: Apps,
    /// Told when they are ready, and when they are served.
    pub(crate) done: std_mpsc::Sender<Result<(), CallError>>,
    /// When to change to them; dropped where they are not wanted any more.
    pub(crate) go: oneshot::Receiver<()>,
}

/// The apps of all workers, and where each is.
#[derive(Clone)]
pub(crate) struct Apps {
    pub(crate) all: Arc<[Arc<Served>]>,
    pub(crate) mounts: Arc<Mounts>,
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

/// What a worker knows of the host, whatever its apps are.
#[derive(Clone)]
pub(crate) struct Shared {
    /// The worker's number, and how many there are.
    pub(crate) number: usize,
    pub(crate) workers: usize,
    pub(crate) requests: Arc<Requests>,
    pub(crate) figures: Arc<Figures>,
    /// Whether metrics are served beside the apps.
    pub(crate) serves_metrics: bool,
}

impl Shared {
    /// The metrics, where they are served beside the apps.
    pub(crate) fn metrics(&self) -> Option<Arc<Figures>> {
        self.serves_metrics.then(|| self.figures.clone())
    }

    /// The metrics for an app beside whose routes they are: they are at the root of those
    /// hosts that no app has taken by name.
    pub(crate) fn metrics_beside(&self, mount: &Mount) -> Option<Arc<Figures>> {
        self.metrics().filter(|_| mount.is_everything())
    }
}

impl Worker {
    /// Starts the thread; [`Worker::wait_until_ready`] tells how that went.
    pub(crate) fn start(
        shared: Shared,
        apps: Apps,
        settings: Settings,
    ) -> Result<Self, ServeError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(ServeError::Worker)?;
        let (messages, received) = mpsc::unbounded_channel();
        let (stop, stopping) = watch::channel(false);
        let (done, stopped) = watch::channel(false);
        let (announce, ready) = std_mpsc::channel();
        let open = shared.figures.of_connections()[shared.number].clone();
        thread::Builder::new()
            .name(format!("worker-{}", shared.number))
            .spawn(move || {
                let local = LocalSet::new();
                local.block_on(&runtime, async {
                    let tenants = Tenants::start(&apps, None, &shared).await;
                    let (tenants, outcome) = match tenants {
                        Ok(tenants) => (Some(tenants), Ok(())),
                        Err(error) => (None, Err(error)),
                    };
                    drop(apps);
                    if let (Ok(()), Some(tenants)) = (announce.send(outcome), tenants) {
                        let site = Site::new(tenants);
                        run(&site, &shared, &settings, received, stopping).await;
                    }
                });
                let _ = done.send(true);
            })
            .map_err(ServeError::Worker)?;
        Ok(Self {
            messages,
            open,
            stop,
            stopped,
            ready,
        })
    }

    /// Waits until the worker has its first instances.
    pub(crate) fn wait_until_ready(&self) -> Result<(), ServeError> {
        let lost = |_| CallError::Instantiate("the worker's thread ended".to_owned());
        let ready = self.ready.recv().map_err(lost);
        ready.and_then(|warm| warm).map_err(ServeError::Instance)
    }

    /// How many connections it has open.
    pub(crate) fn connections(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Gives it a connection.
    pub(crate) fn give(&self, stream: TcpStream, peer: SocketAddr) {
        let open = Open::new(&self.open);
        let accepted = Accepted { stream, peer, open };
        // A worker that is gone takes no connection; dropping it closes it.
        let _ = self.messages.send(Message::Connection(accepted));
    }

    /// Where it is told of what is new.
    pub(crate) fn messages(&self) -> Messages {
        self.messages.clone()
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
    site: &Rc<Site>,
    shared: &Shared,
    settings: &Settings,
    mut received: mpsc::UnboundedReceiver<Message>,
    mut stopping: watch::Receiver<bool>,
) {
    let graceful = GracefulShutdown::new();
    let connections = Connections::new(site.clone(), settings);
    loop {
        tokio::select! {
            next = received.recv() => match next {
                Some(Message::Connection(Accepted { stream, peer, open })) => {
                    connections.serve(stream, peer, open, &graceful);
                }
                Some(Message::Apps(apps)) => {
                    let change = change(site.clone(), shared.clone(), apps);
                    tokio::task::spawn_local(change);
                }
                None => break,
            },
            _ = stopping.wait_for(|stop| *stop) => break,
        }
    }
    // Who waits for an answer to what is still in it hears that there is none.
    drop(received);
    graceful.shutdown().await;
    // The last responses are still being written when their connections end.
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// Changes to other apps, if all workers can.
async fn change(site: Rc<Site>, shared: Shared, change: Change) {
    let Change { apps, done, go } = change;
    let before = site.tenants();
    let tenants = Tenants::start(&apps, Some(&before), &shared).await;
    drop(before);
    let (tenants, outcome) = match tenants {
        Ok(tenants) => (Some(tenants), Ok(())),
        Err(error) => (None, Err(error)),
    };
    let _ = done.send(outcome);
    if let (Some(tenants), Ok(())) = (tenants, go.await) {
        site.replace(tenants);
        let _ = done.send(Ok(()));
    }
}
