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

/// Replaces the apps of a host that serves, and stops it.
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

    /// Serves other apps from now on, some of which may be those that are served already.
    /// Each of the others has its first instance in every worker before requests go to
    /// any of them; requests in flight are finished by the apps that they began with.
    ///
    /// It waits for the workers: not to be called on one of them, or where one may not wait.
    ///
    /// # Errors
    /// Two apps have one place, or one cannot make an instance. Nothing has changed then.
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
            let outcome = outcomes.recv().map_err(|_| stopping())?;
            outcome.map_err(ServeError::Instance)?;
        }
        apps.count(&self.figures, self.workers.len());
        for go in all_go {
            // A worker that is gone serves nothing any more.
            let _ = go.send(());
        }
        while outcomes.recv().is_ok() {}
        Ok(())
    }

    /// Stops serving, as a signal does.
    pub fn stop(&self) {
        self.stop.notify_one();
    }
}

impl Apps {
    /// Finds out where each app is.
    ///
    /// # Errors
    /// Two have one place.
    pub(crate) fn new(all: &[Arc<HostedApp>]) -> Result<Self, ServeError> {
        let mounts = Mounts::new(all.iter().map(|served| &served.mount));
        let mounts = mounts.map_err(|(one, other)| {
            let name = |index: usize| {
                let name = all.get(index).and_then(|served| served.name());
                name.unwrap_or_default().to_owned()
            };
            let place = all.get(one).map(|served| served.mount.to_string());
            ServeError::Mounts(name(one), name(other), place.unwrap_or_default())
        })?;
        Ok(Self {
            all: all.into(),
            mounts: Arc::new(mounts),
        })
    }

    /// Begins to count what they do.
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
