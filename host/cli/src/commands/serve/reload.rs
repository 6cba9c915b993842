//! Reloads what has changed, at SIGHUP or when a file changes: the apps that are made of
//! something else now. What is wrong with a change is said once in the log, and what was
//! served before goes on.

use std::collections::BTreeMap;
use std::io::{IsTerminal, stderr, stdin, stdout};
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result, bail};
use spikard_wasm_server::Handle;
use tokio::runtime::Runtime;

use super::load::{self, MadeOf, Ready};
use super::watch::Watch;
use crate::args::ServeArgs;
use crate::commands::millis;
use crate::config::limits::TABLE;
use crate::config::{AppConfig, Config};

/// Reloads what has changed.
pub(super) struct Reloader {
    args: ServeArgs,
    config: Config,
    apps: Vec<Ready>,
    /// What could not be loaded when it was last tried.
    failed: Vec<MadeOf>,
    /// All that was to be served when that was last refused as a whole.
    refused: Vec<MadeOf>,
    /// What was last said of an app that could not be loaded, and of all of them (under
    /// no name), so that it is said once.
    said: BTreeMap<String, String>,
    /// What changed that holds only after a restart.
    warned_of: Vec<String>,
    watch: Option<Watch>,
    runtime: Runtime,
    #[cfg(unix)]
    hangup: tokio::signal::unix::Signal,
    /// Whether there was a terminal, whose end is a SIGHUP too.
    has_terminal: bool,
}

/// Why it is looked at what has changed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    Signal,
    Watch,
}

/// Whether somebody may sit before it.
fn has_terminal() -> bool {
    stdin().is_terminal() || stdout().is_terminal() || stderr().is_terminal()
}

impl Reloader {
    pub(super) fn new(
        args: ServeArgs,
        config: Config,
        apps: Vec<Ready>,
        watch: Option<Watch>,
    ) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("nothing can wait for signals")?;
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
            refused: Vec::new(),
            said: BTreeMap::new(),
            warned_of: Vec::new(),
            watch,
            runtime,
            #[cfg(unix)]
            hangup,
            has_terminal: has_terminal(),
        })
    }

    /// Waits for causes in a thread of its own, for as long as the host serves.
    pub(super) fn start(mut self, mut handle: Handle) {
        let thread = thread::Builder::new().name("reload".to_owned());
        let run = move || {
            loop {
                let cause = self.wait();
                if self.has_terminal && !has_terminal() {
                    // Whoever started the host there is gone.
                    handle.stop();
                    return;
                }
                if cause == Cause::Signal {
                    // Whoever asks is answered.
                    self.failed.clear();
                    self.refused.clear();
                    self.said.clear();
                }
                match self.reload(cause, &mut handle) {
                    Ok(()) => drop(self.said.remove("")),
                    Err(error) if self.is_new_word("", &error) => {
                        tracing::error!("nothing is reloaded: {error:#}");
                    }
                    Err(_) => {}
                }
            }
        };
        if let Err(error) = thread.spawn(run) {
            tracing::error!(%error, "no thread can be had that reloads apps");
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
        let mut config = Config::of(&self.args)?;
        if config.apps.iter().any(|app| app.name.is_none()) != self.is_alone() {
            bail!(
                "a host of one app and a host of several are two: restart to change from one to the other"
            );
        }
        self.keep_what_needs_a_restart(&mut config);
        if let Some(watch) = &mut self.watch {
            watch.add(&config);
        }
        let wanted = config.apps.iter().map(MadeOf::now);
        let wanted: Result<Vec<MadeOf>> = wanted.collect();
        if wanted.is_ok_and(|wanted| !wanted.is_empty() && wanted == self.refused) {
            // That has been said.
            return Ok(());
        }
        let next: Vec<Ready> = config
            .apps
            .iter()
            .filter_map(|app| self.next(&config, app))
            .collect();
        if next.is_empty() {
            bail!("no app would be left");
        }
        let is_same = |(one, other): (&Ready, &Ready)| Arc::ptr_eq(&one.served, &other.served);
        let nothing = next.len() == self.apps.len() && next.iter().zip(&self.apps).all(is_same);
        if nothing {
            if cause == Cause::Signal && self.failed.is_empty() {
                tracing::info!("no app has changed");
            }
        } else {
            let apps: Vec<_> = next.iter().map(|app| app.served.clone()).collect();
            if let Err(error) = handle.replace(&apps) {
                self.refused = next.into_iter().map(|app| app.made_of).collect();
                return Err(error.into());
            }
            self.refused.clear();
            self.say(&next);
            self.apps = next;
        }
        if let Some(watch) = &mut self.watch {
            watch.only(&config);
        }
        self.config = config;
        Ok(())
    }

    /// Whether the host has one app, which has no name.
    fn is_alone(&self) -> bool {
        self.config.apps.iter().any(|app| app.name.is_none())
    }

    fn is_new(&self, app: &Ready) -> bool {
        let mut known = self.apps.iter();
        !known.any(|known| Arc::ptr_eq(&known.served, &app.served))
    }

    /// The app that is to be served under a name: that of before where nothing changed, or
    /// where the new one cannot be loaded.
    fn next(&mut self, config: &Config, app: &AppConfig) -> Option<Ready> {
        let mut known = self.apps.iter();
        let before = known.find(|known| known.made_of.config.name == app.name);
        let before = before.cloned();
        let made_of = MadeOf::now(app);
        let made = match made_of {
            Ok(made_of) => {
                if before.as_ref().is_some_and(|it| it.made_of == made_of)
                    || self.failed.contains(&made_of)
                {
                    return before;
                }
                let made = load::app(config, app);
                if made.is_err() {
                    self.failed.push(made_of);
                }
                made
            }
            Err(error) => Err(error),
        };
        let label = app.label();
        match made {
            Ok(ready) => {
                self.said.remove(&label);
                Some(ready)
            }
            Err(error) if !self.is_new_word(&label, &error) => before,
            Err(error) => {
                let goes_on = match before {
                    Some(_) => "what was served before goes on",
                    None => "it is not served",
                };
                tracing::error!(app = label, "an app is not reloaded, {goes_on}: {error:#}");
                before
            }
        }
    }

    /// Whether an error is another than what was said last of an app, or of all of them.
    fn is_new_word(&mut self, of: &str, error: &anyhow::Error) -> bool {
        let text = format!("{error:#}");
        let before = self.said.insert(of.to_owned(), text.clone());
        before.is_none_or(|before| before != text)
    }

    /// Says what is served anew, and what is not any more.
    fn say(&self, next: &[Ready]) {
        for app in next.iter().filter(|app| self.is_new(app)) {
            let (label, facts) = (app.made_of.config.label(), &app.facts);
            let (version, routes, ms) = (&facts.version, facts.routes, millis(facts.start));
            let mut known = self.apps.iter();
            let is_known = known.any(|known| known.made_of.config.name == app.made_of.config.name);
            let what = if is_known { "reloaded" } else { "added" };
            tracing::info!(app = label, version, routes, ms, "an app is {what}");
        }
        for app in &self.apps {
            let name = &app.made_of.config.name;
            if !next.iter().any(|next| next.made_of.config.name == *name) {
                let label = app.made_of.config.label();
                tracing::info!(app = label, "an app is removed");
            }
        }
    }

    /// Warns of changes that take a restart, and takes them back.
    fn keep_what_needs_a_restart(&mut self, config: &mut Config) {
        let before = &self.config;
        let is_other = [
            ("host", config.host != before.host),
            ("port", config.port != before.port),
            ("metrics", config.metrics != before.metrics),
            ("log_format", config.log_format != before.log_format),
            ("log_level", config.log_level != before.log_level),
        ];
        let is_other = is_other.iter().filter(|(_, is_other)| *is_other);
        let mut changed: Vec<String> = is_other.map(|(key, _)| format!("`serve.{key}`")).collect();
        for limit in TABLE.iter().filter(|limit| limit.is_of_host()) {
            let value = before.bounds.limits.get(limit.key).0;
            if config.bounds.limits.get(limit.key).0 != value {
                changed.push(format!("`{}.{}`", limit.table, limit.name));
                config.pin(limit.key, &before.bounds.limits);
            }
        }
        config.host.clone_from(&before.host);
        config.port = before.port;
        config.metrics = before.metrics.clone();
        (config.log_format, config.log_level) = (before.log_format, before.log_level);
        if !changed.is_empty() && changed != self.warned_of {
            tracing::warn!(
                "{} changed, which holds only after a restart",
                changed.join(", ")
            );
        }
        self.warned_of = changed;
    }
}
