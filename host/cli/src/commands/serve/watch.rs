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
    pub(super) fn new() -> Result<Self> {
        let changed = Arc::new(Notify::new());
        let tell = changed.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // That somebody reads a file, as this host does, is no change.
            if !event.is_ok_and(|event| event.kind.is_access()) {
                tell.notify_one();
            }
        });
        Ok(Self {
            watcher: watcher.context("`--watch` does not work on this system")?,
            folders: BTreeSet::new(),
            changed,
        })
    }

    /// Watches what is served now, and what is not any more no longer.
    pub(super) fn follow(&mut self, config: &Config) {
        let files = config.apps.iter().filter_map(|app| app.component.as_ref());
        let files = files.chain(&config.file);
        let mut folders: BTreeSet<PathBuf> = files.map(|file| folder_of(file)).collect();
        folders.extend(config.folder.clone());
        for gone in self.folders.difference(&folders) {
            // A folder that is not there is not watched.
            let _ = self.watcher.unwatch(gone);
        }
        for new in folders.difference(&self.folders) {
            if let Err(error) = self.watcher.watch(new, RecursiveMode::NonRecursive) {
                tracing::warn!(folder = %new.display(), %error, "a folder cannot be watched");
            }
        }
        self.folders = folders;
    }

    /// Waits for a change, and for it to end.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
        let start = Instant::now();
        while start.elapsed() < LONGEST && timeout(QUIET, self.changed.notified()).await.is_ok() {}
    }
}

fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}
