//! Watches the folders of what is served for changes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::config::Config;

/// How long nothing must happen before a change is looked at: a file is written in
/// pieces.
const QUIET: Duration = Duration::from_millis(200);

/// The longest that is waited for it.
const LONGEST: Duration = Duration::from_secs(2);

/// Watches folders. Their files are replaced more often than written, so that it is the
/// folders that are watched.
pub(super) struct Watch {
    watcher: RecommendedWatcher,
    folders: BTreeSet<PathBuf>,
    changed: Arc<Notify>,
}

impl Watch {
    /// Watches what is to be served, from before it is loaded.
    pub(super) fn new(config: &Config) -> Result<Self> {
        let changed = Arc::new(Notify::new());
        let tell = changed.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // That somebody reads a file, as this host does, is no change.
            if !event.is_ok_and(|event| event.kind.is_access()) {
                tell.notify_one();
            }
        });
        let mut watch = Self {
            watcher: watcher.context("`--watch` does not work on this system")?,
            folders: BTreeSet::new(),
            changed,
        };
        watch.add(config);
        Ok(watch)
    }

    /// Watches what is to be served too, before it is looked at.
    pub(super) fn add(&mut self, config: &Config) {
        for new in folders(config).difference(&self.folders.clone()) {
            match self.watcher.watch(new, RecursiveMode::NonRecursive) {
                Ok(()) => drop(self.folders.insert(new.clone())),
                Err(error) => {
                    tracing::warn!(folder = %new.display(), %error, "a folder cannot be watched");
                }
            }
        }
    }

    /// Watches nothing but what is served.
    pub(super) fn only(&mut self, config: &Config) {
        let wanted = folders(config);
        let watcher = &mut self.watcher;
        self.folders.retain(|folder| {
            let is_wanted = wanted.contains(folder);
            if !is_wanted {
                // A folder that is gone is not watched any more.
                let _ = watcher.unwatch(folder);
            }
            is_wanted
        });
    }

    /// Waits for a change, and for it to end.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
        let start = Instant::now();
        while start.elapsed() < LONGEST && timeout(QUIET, self.changed.notified()).await.is_ok() {}
    }
}

/// The folders of all that is served.
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
