//! Reload on SIGHUP or file change.
//!
//! A reload reads the configuration, loads the apps whose [`Fingerprint`] changed and replaces
//! all apps at once. An app that fails to load keeps its previous version. Each error is logged
//! once: the same error is not repeated until it changes or SIGHUP asks again.

use std::collections::BTreeMap;
use std::io::{IsTerminal, stderr, stdin, stdout};
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result, bail};
use spikard_wasm_server::Handle;
use tokio::runtime::Runtime;

use super::load::{self, Fingerprint, LoadedApp};
use super::watch::Watch;
use crate::args::ServeArgs;
use crate::commands::elapsed_ms;
use crate::config::limits::TABLE;
use crate::config::{AppConfig, Config};

/// State of the reload thread.
pub(super) struct Reloader {
    args: ServeArgs,
    config: Config,
    apps: Vec<LoadedApp>,
    /// Apps that failed to load at the last attempt.
    failed: Vec<Fingerprint>,
    /// The apps of the last reload that failed as a whole.
    rejected: Vec<Fingerprint>,
    /// Last logged error per app; the empty name stands for the reload as a whole.
    last_errors: BTreeMap<String, String>,
    /// Changed settings that were logged as requiring a restart.
    pending_restart: Vec<String>,
    watch: Option<Watch>,
    runtime: Runtime,
    #[cfg(unix)]
    hangup: tokio::signal::unix::Signal,
    /// True if the host started on a TTY. Closing a TTY also sends SIGHUP.
    has_tty: bool,
}

/// Cause of a reload.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    Signal,
    Watch,
}

/// True if any stdio stream is a TTY.
fn has_tty() -> bool {
    stdin().is_terminal() || stdout().is_terminal() || stderr().is_terminal()
}

impl Reloader {
    pub(super) fn new(
        args: ServeArgs,
        config: Config,
        apps: Vec<LoadedApp>,
        watch: Option<Watch>,
    ) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("failed to start the reload runtime")?;
        #[cfg(unix)]
        let hangup = {
            let _inside = runtime.enter();
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?
        };
        Ok(Self {
            args,
            config,
            apps,
            failed: Vec::new(),
            rejected: Vec::new(),
            last_errors: BTreeMap::new(),
            pending_restart: Vec::new(),
            watch,
            runtime,
            #[cfg(unix)]
            hangup,
            has_tty: has_tty(),
        })
    }

    /// Starts the reload thread, which runs until the process ends.
    pub(super) fn start(mut self, mut handle: Handle) {
        let thread = thread::Builder::new().name("reload".to_owned());
        let run = move || {
            loop {
                let cause = self.wait();
                if self.has_tty && !has_tty() {
                    // The TTY is closed: stop instead of reloading.
                    handle.stop();
                    return;
                }
                if cause == Cause::Signal {
                    // SIGHUP retries failed apps and logs their errors again.
                    self.failed.clear();
                    self.rejected.clear();
                    self.last_errors.clear();
                }
                match self.reload(cause, &mut handle) {
                    Ok(()) => drop(self.last_errors.remove("")),
                    Err(error) if self.is_new_error("", &error) => {
                        tracing::error!("reload failed; all apps are unchanged: {error:#}");
                    }
                    Err(_) => {}
                }
            }
        };
        if let Err(error) = thread.spawn(run) {
            tracing::error!(%error, "failed to spawn the reload thread");
        }
    }

    fn wait(&mut self) -> Cause {
        let watch = &self.watch;
        let changed = async {
            match watch {
                Some(watch) => watch.changed().await,
                None => std::future::pending().await,
            }
        };
        #[cfg(unix)]
        let signal = self.hangup.recv();
        #[cfg(not(unix))]
        let signal = std::future::pending::<()>();
        self.runtime.block_on(async {
            tokio::select! {
                _ = signal => Cause::Signal,
                () = changed => Cause::Watch,
            }
        })
    }

    fn reload(&mut self, cause: Cause, handle: &mut Handle) -> Result<()> {
        let mut config = Config::load(&self.args)?;
        if config.apps.iter().any(|app| app.name.is_none()) != self.has_single_app() {
            bail!("switching to or from `[[app]]` requires a restart");
        }
        self.revert_restart_settings(&mut config);
        if let Some(watch) = &mut self.watch {
            watch.add(&config);
        }
        let wanted = config.apps.iter().map(Fingerprint::read);
        let wanted: Result<Vec<Fingerprint>> = wanted.collect();
        if wanted.is_ok_and(|wanted| !wanted.is_empty() && wanted == self.rejected) {
            // This error was logged already.
            return Ok(());
        }
        let next: Vec<LoadedApp> = config
            .apps
            .iter()
            .filter_map(|app| self.next_version(&config, app))
            .collect();
        if next.is_empty() {
            bail!("the new configuration has no app that loads; fix one of the apps");
        }
        let is_same = |(one, other): (&LoadedApp, &LoadedApp)| {
            Arc::ptr_eq(&one.hosted_app, &other.hosted_app)
        };
        let is_unchanged =
            next.len() == self.apps.len() && next.iter().zip(&self.apps).all(is_same);
        if is_unchanged {
            if cause == Cause::Signal && self.failed.is_empty() {
                tracing::info!("reload found no changes");
            }
        } else {
            let apps: Vec<_> = next.iter().map(|app| app.hosted_app.clone()).collect();
            if let Err(error) = handle.replace(&apps) {
                self.rejected = next.into_iter().map(|app| app.fingerprint).collect();
                return Err(error.into());
            }
            self.rejected.clear();
            self.log_changes(&next);
            self.apps = next;
        }
        if let Some(watch) = &mut self.watch {
            watch.retain(&config);
        }
        self.config = config;
        Ok(())
    }

    /// True if the host serves a single app, which has no name.
    fn has_single_app(&self) -> bool {
        self.config.apps.iter().any(|app| app.name.is_none())
    }

    fn is_new(&self, app: &LoadedApp) -> bool {
        let mut known = self.apps.iter();
        !known.any(|known| Arc::ptr_eq(&known.hosted_app, &app.hosted_app))
    }

    /// The next version of an app: the current one if nothing changed or if the new one fails
    /// to load. `None` if a new app fails to load.
    fn next_version(&mut self, config: &Config, app: &AppConfig) -> Option<LoadedApp> {
        let mut known = self.apps.iter();
        let before = known.find(|known| known.fingerprint.config.name == app.name);
        let before = before.cloned();
        let fingerprint = Fingerprint::read(app);
        let result = match fingerprint {
            Ok(fingerprint) => {
                if before
                    .as_ref()
                    .is_some_and(|it| it.fingerprint == fingerprint)
                    || self.failed.contains(&fingerprint)
                {
                    return before;
                }
                let loaded = load::load_app(config, app);
                if loaded.is_err() {
                    self.failed.push(fingerprint);
                }
                loaded
            }
            Err(error) => Err(error),
        };
        let label = app.label();
        match result {
            Ok(ready) => {
                self.last_errors.remove(&label);
                Some(ready)
            }
            Err(error) if !self.is_new_error(&label, &error) => before,
            Err(error) => {
                let consequence = match before {
                    Some(_) => "keeping the previous version",
                    None => "the app is not served",
                };
                tracing::error!(app = label, "reload failed; {consequence}: {error:#}");
                before
            }
        }
    }

    /// Records an error of an app, or of the reload as a whole under the empty name. Returns
    /// false if the same error was recorded last.
    fn is_new_error(&mut self, app: &str, error: &anyhow::Error) -> bool {
        let text = format!("{error:#}");
        let before = self.last_errors.insert(app.to_owned(), text.clone());
        before.is_none_or(|before| before != text)
    }

    /// Logs added, reloaded and removed apps.
    fn log_changes(&self, next: &[LoadedApp]) {
        for app in next.iter().filter(|app| self.is_new(app)) {
            let (label, summary) = (app.fingerprint.config.label(), &app.summary);
            let (version, routes, ms) =
                (&summary.version, summary.routes, elapsed_ms(summary.start));
            let mut known = self.apps.iter();
            let is_known =
                known.any(|known| known.fingerprint.config.name == app.fingerprint.config.name);
            let change = if is_known { "reloaded" } else { "added" };
            tracing::info!(app = label, version, routes, ms, "app {change}");
        }
        for app in &self.apps {
            let name = &app.fingerprint.config.name;
            if !next
                .iter()
                .any(|next| next.fingerprint.config.name == *name)
            {
                let label = app.fingerprint.config.label();
                tracing::info!(app = label, "app removed");
            }
        }
    }

    /// Warns about changed settings that require a restart, and reverts them.
    fn revert_restart_settings(&mut self, config: &mut Config) {
        let before = &self.config;
        let settings = [
            ("host", config.host != before.host),
            ("port", config.port != before.port),
            ("metrics", config.metrics != before.metrics),
            ("log_format", config.log_format != before.log_format),
            ("log_level", config.log_level != before.log_level),
        ];
        let is_changed = settings.iter().filter(|(_, is_changed)| *is_changed);
        let mut changed: Vec<String> = is_changed
            .map(|(key, _)| format!("`serve.{key}`"))
            .collect();
        for limit in TABLE.iter().filter(|limit| limit.is_host_wide()) {
            let value = before.limits.values.get(limit.key).0;
            if config.limits.values.get(limit.key).0 != value {
                changed.push(format!("`{}.{}`", limit.table, limit.name));
                config.pin(limit.key, &before.limits.values);
            }
        }
        config.host.clone_from(&before.host);
        config.port = before.port;
        config.metrics = before.metrics.clone();
        (config.log_format, config.log_level) = (before.log_format, before.log_level);
        if !changed.is_empty() && changed != self.pending_restart {
            tracing::warn!("{} changed; restart to apply", changed.join(", "));
        }
        self.pending_restart = changed;
    }
}
