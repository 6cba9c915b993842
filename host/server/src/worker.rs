//! A worker: a thread with its own async runtime and its own instances of every app.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc as std_mpsc};
use std::thread;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::LocalSet;

use crate::app_router::{AppRouter, RunningApps};
use crate::connection::{Connection, Connections};
use crate::error::ServeError;
use crate::settings::Settings;
use crate::shared::{Apps, OpenConnection, Shared};

/// The accept loop's handle of a worker.
pub(crate) struct Worker {
    messages: Messages,
    open: Arc<AtomicUsize>,
    stop: watch::Sender<bool>,
    stopped: watch::Receiver<bool>,
    ready: std_mpsc::Receiver<Result<(), ServeError>>,
}

/// The channel of messages to a worker.
pub(crate) type Messages = mpsc::UnboundedSender<Message>;

/// A message to a worker.
pub(crate) enum Message {
    Connection(AcceptedConnection),
    Apps(Change),
}

pub(crate) struct AcceptedConnection {
    stream: TcpStream,
    peer: SocketAddr,
    open: OpenConnection,
}

/// A change of apps: all workers start the new apps and then switch to them.
pub(crate) struct Change {
    pub(crate) apps: Apps,
    /// Receives a message when the apps have started, and when the worker serves them.
    pub(crate) done: std_mpsc::Sender<Result<(), ServeError>>,
    /// The signal to switch; dropped if the change is canceled.
    pub(crate) go: oneshot::Receiver<()>,
}

impl Worker {
    /// Starts the thread. [`Worker::wait_until_ready`] returns the result.
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
        let lost = |_| ServeError::Worker(io::Error::other("the worker's thread ended"));
        self.ready.recv().map_err(lost)?
    }

    /// Returns the number of open connections.
    pub(crate) fn connections(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Hands a connection to the worker.
    pub(crate) fn give(&self, stream: TcpStream, peer: SocketAddr) {
        let open = OpenConnection::new(&self.open);
        let accepted = AcceptedConnection { stream, peer, open };
        // If the worker has stopped, the connection is dropped and so closed.
        let _ = self.messages.send(Message::Connection(accepted));
    }

    /// Returns the worker's message channel.
    pub(crate) fn messages(&self) -> Messages {
        self.messages.clone()
    }

    /// Tells the worker to finish requests in flight and stop.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until the worker has stopped.
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
                Some(Message::Connection(AcceptedConnection { stream, peer, open })) => {
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
    // Senders of messages that were not read learn that the channel is closed.
    drop(received);
    graceful.shutdown().await;
    // Work that goes on after a reply. `background_time` limits it.
    while router.has_background_work() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    router.stop().await;
    // Gives the kernel time to send the last responses.
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// Switches to other apps if all workers can start them.
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
