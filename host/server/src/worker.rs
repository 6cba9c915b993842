//! A worker: a thread with its own async runtime and its own instances of every app.

use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc as std_mpsc};
use std::thread;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use spikard_wasm_runtime::CallError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::LocalSet;

use crate::app_router::{AppRouter, RunningApps};
use crate::connection::{Connection, Connections};
use crate::error::ServeError;
use crate::settings::Settings;
use crate::shared::{Apps, Open, Shared};

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
        let open = shared.figures.connection_counts()[shared.number].clone();
        thread::Builder::new()
            .name(format!("worker-{}", shared.number))
            .spawn(move || {
                let local = LocalSet::new();
                local.block_on(&runtime, async {
                    let running = RunningApps::start(&apps, None, &shared).await;
                    let (running, outcome) = match running {
                        Ok(running) => (Some(running), Ok(())),
                        Err(error) => (None, Err(error)),
                    };
                    drop(apps);
                    if let (Ok(()), Some(running)) = (announce.send(outcome), running) {
                        let router = AppRouter::new(running);
                        run(&router, &shared, &settings, received, stopping).await;
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
    router: &Rc<AppRouter>,
    shared: &Shared,
    settings: &Settings,
    mut received: mpsc::UnboundedReceiver<Message>,
    mut stopping: watch::Receiver<bool>,
) {
    let graceful = GracefulShutdown::new();
    let connections = Connections::new(router.clone(), settings);
    loop {
        tokio::select! {
            next = received.recv() => match next {
                Some(Message::Connection(Accepted { stream, peer, open })) => {
                    match Connection::tcp(stream, peer) {
                        Ok(connection) => connections.serve(connection, open, &graceful),
                        Err(error) => tracing::debug!(%peer, %error, "connection lost"),
                    }
                }
                Some(Message::Apps(apps)) => {
                    let change = change(router.clone(), shared.clone(), apps);
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
async fn change(router: Rc<AppRouter>, shared: Shared, change: Change) {
    let Change { apps, done, go } = change;
    let before = router.apps();
    let running = RunningApps::start(&apps, Some(&before), &shared).await;
    drop(before);
    let (running, outcome) = match running {
        Ok(running) => (Some(running), Ok(())),
        Err(error) => (None, Err(error)),
    };
    let _ = done.send(outcome);
    if let (Some(running), Ok(())) = (running, go.await) {
        router.replace(running);
        let _ = done.send(Ok(()));
    }
}
