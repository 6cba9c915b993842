//! File watcher for `serve --watch`.
//!
//! It watches folders rather than files: tools often replace a file, which ends a watch on the
//! file itself.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::config::Config;

/// Debounce interval: a change is reported once no event arrived for this long, because files
/// are written in pieces.
const DEBOUNCE: Duration = Duration::from_millis(200);

/// Maximum debounce time for a continuous stream of events.
const DEBOUNCE_MAX: Duration = Duration::from_secs(2);

/// Watches the folders of components and of `spikard.toml`.
pub(super) struct Watch {
    watcher: RecommendedWatcher,
    folders: BTreeSet<PathBuf>,
    changed: Arc<Notify>,
}

impl Watch {
    /// Starts to watch; call it before loading, so that no change is missed.
    pub(super) fn new(config: &Config) -> Result<Self> {
        let changed = Arc::new(Notify::new());
        let notifier = changed.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // Read accesses, such as those of this host, are not changes.
            if !event.is_ok_and(|event| event.kind.is_access()) {
                notifier.notify_one();
            }
        });
        let mut watch = Self {
            watcher: watcher.context(
                "`--watch` is not supported on this system; send SIGHUP to reload instead",
            )?,
            folders: BTreeSet::new(),
            changed,
        };
        watch.add(config);
        Ok(watch)
    }

    /// Adds the folders of a new configuration; call it before reading their files.
    pub(super) fn add(&mut self, config: &Config) {
        for new in folders(config).difference(&self.folders.clone()) {
            match self.watcher.watch(new, RecursiveMode::NonRecursive) {
                Ok(()) => drop(self.folders.insert(new.clone())),
                Err(error) => {
                    tracing::warn!(folder = %new.display(), %error, "failed to watch folder; changes in it require SIGHUP");
                }
            }
        }
    }

    /// Stops watching folders that the configuration does not use.
    pub(super) fn retain(&mut self, config: &Config) {
        let wanted = folders(config);
        let watcher = &mut self.watcher;
        self.folders.retain(|folder| {
            let is_wanted = wanted.contains(folder);
            if !is_wanted {
                // Fails if the folder was removed, which ended the watch.
                let _ = watcher.unwatch(folder);
            }
            is_wanted
        });
    }

    /// Waits for a change and for the debounce interval after it.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
        let start = Instant::now();
        while start.elapsed() < DEBOUNCE_MAX
            && timeout(DEBOUNCE, self.changed.notified()).await.is_ok()
        {}
    }
}

/// Folders with the files of a configuration.
fn folders(config: &Config) -> BTreeSet<PathBuf> {
    let files = config.apps.iter().filter_map(|app| app.component.as_ref());
    let files = files.chain(&config.file).map(|file| folder_of(file));
    files.chain(config.folder.clone()).collect()
}

fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}
