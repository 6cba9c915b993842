//! Replaces the apps of a running host.

use std::io;
use std::sync::{Arc, mpsc};

use spikard_wasm_app::Mounts;
use tokio::sync::{Notify, oneshot};

use crate::error::ServeError;
use crate::hosted_app::HostedApp;
use crate::metrics::Figures;
use crate::shared::Apps;
use crate::worker::{Change, Messages};

/// Controls a running host: replaces its apps or stops it.
pub struct Handle {
    workers: Vec<Messages>,
    figures: Arc<Figures>,
    stop: Arc<Notify>,
}

impl Handle {
    pub(crate) fn new(workers: Vec<Messages>, figures: Arc<Figures>, stop: Arc<Notify>) -> Self {
        Self {
            workers,
            figures,
            stop,
        }
    }

    /// Replaces the apps; apps that are already hosted keep running. Every worker creates the
    /// first instance of each new app before any request goes to it. The old apps finish the
    /// requests in flight.
    ///
    /// Blocks until all workers have switched; do not call this on a worker or in async code.
    ///
    /// # Errors
    /// Two apps have the same mount, or an instance cannot be created. The apps are unchanged
    /// then.
    pub fn replace(&mut self, apps: &[Arc<HostedApp>]) -> Result<(), ServeError> {
        let apps = Apps::new(apps)?;
        let (done, outcomes) = mpsc::channel();
        let mut all_go = Vec::with_capacity(self.workers.len());
        for worker in &self.workers {
            let (tell, go) = oneshot::channel();
            let message = Change {
                apps: apps.clone(),
                done: done.clone(),
                go,
            };
            worker.send(message.into()).map_err(|_| stopping())?;
            all_go.push(tell);
        }
        drop(done);
        for _ in &self.workers {
            outcomes.recv().map_err(|_| stopping())??;
        }
        apps.count(&self.figures, self.workers.len());
        for go in all_go {
            // Sending fails if the worker has stopped, and then there is nothing to switch.
            let _ = go.send(());
        }
        while outcomes.recv().is_ok() {}
        Ok(())
    }

    /// Starts a graceful shutdown, as SIGTERM does.
    pub fn stop(&self) {
        self.stop.notify_one();
    }
}

impl Apps {
    /// Collects the apps and their mounts.
    ///
    /// # Errors
    /// Two apps have the same mount.
    pub(crate) fn new(all: &[Arc<HostedApp>]) -> Result<Self, ServeError> {
        let mounts = Mounts::new(all.iter().map(|app| &app.mount));
        let mounts = mounts.map_err(|(one, other)| {
            let name = |index: usize| {
                let name = all.get(index).and_then(|app| app.name());
                name.unwrap_or_default().to_owned()
            };
            let mount = all.get(one).map(|app| app.mount.to_string());
            ServeError::Mounts(name(one), name(other), mount.unwrap_or_default())
        })?;
        Ok(Self {
            all: all.into(),
            mounts: Arc::new(mounts),
        })
    }

    /// Adds the apps to the metrics.
    pub(crate) fn count(&self, figures: &Figures, workers: usize) {
        let apps = self.all.iter().map(|app| app.figures(workers).clone());
        figures.replace(apps.collect());
    }
}

impl From<Change> for crate::worker::Message {
    fn from(change: Change) -> Self {
        Self::Apps(change)
    }
}

fn stopping() -> ServeError {
    ServeError::Worker(io::Error::other("the host is stopping"))
}
