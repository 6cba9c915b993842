//! A target: a server to build, start, measure and stop.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::build::Build;
use super::over::Sweeps;
use super::workload::Workload;

/// A server, or a variant of one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The name on the command line and in reports.
    pub name: String,
    /// A one-sentence description.
    pub description: String,
    /// The language of its handlers.
    pub language: String,
    /// The framework or host that runs the handlers.
    pub runtime: String,
    /// The kind of server.
    pub kind: Kind,
    /// A command that prints the version in its first line.
    pub version: Vec<String>,
    /// Commands and files that it requires.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// Build steps, in order.
    #[serde(default)]
    pub build: Vec<Build>,
    /// How to start it.
    pub run: Run,
    /// The readiness check.
    #[serde(default)]
    pub ready: Ready,
    /// The programs to start it with, each for its workloads.
    #[serde(rename = "app")]
    pub apps: Vec<App>,
    /// Path of an endpoint with metrics by stage, such as the host's `/metrics`.
    #[serde(default)]
    pub metrics: Option<String>,
    /// Notes for readers who compare it with other targets.
    pub fairness: Vec<String>,
    /// Other ways to start it; each becomes a separate target.
    #[serde(default, rename = "variant", skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
}

/// The kind of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Machine code without a sandbox: the lower bound.
    Native,
    /// WebAssembly components.
    Component,
    /// Another server in the same language.
    Peer,
}

impl Kind {
    /// Returns the name in definitions.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Component => "component",
            Self::Peer => "peer",
        }
    }
}

/// A tool that a target or a service requires.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// A command on the path, or a file path.
    pub command: String,
    /// How to install it.
    pub remedy: String,
}

/// How to start a server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The command, which must contain `{port}`. No shell interprets it.
    pub command: Vec<String>,
    /// The working directory, relative to the project root.
    #[serde(default)]
    pub folder: String,
    /// Extra environment variables.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Arguments to append for a start with an empty cache; empty if it has no cache.
    #[serde(default)]
    pub uncached: Vec<String>,
    /// True if it supports a number of workers.
    #[serde(default = "yes")]
    pub scales: bool,
    /// How to start it with a number of routes or apps.
    #[serde(default, skip_serializing_if = "Sweeps::is_empty")]
    pub over: Sweeps,
}

/// How to tell that a server is ready.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ready {
    /// A path that answers 2xx when the server is ready.
    #[serde(default = "health")]
    pub path: String,
    /// Maximum time to become ready, in seconds.
    #[serde(default = "ready_timeout")]
    pub seconds: f64,
}

impl Default for Ready {
    fn default() -> Self {
        Self {
            path: health(),
            seconds: ready_timeout(),
        }
    }
}

/// A program to start the server with; `{app}` in its command.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// A file, or an argument that the command understands.
    #[serde(default)]
    pub file: String,
    /// Arguments to append to the command for this program, such as grants.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// The suites that it serves.
    #[serde(default)]
    pub suites: Vec<String>,
    /// Workloads that it serves in addition to the suites.
    #[serde(default)]
    pub workloads: Vec<String>,
    /// Workloads of its suites that it does not serve, each with the reason.
    #[serde(default)]
    pub except: BTreeMap<String, String>,
}

impl App {
    /// Returns true if it answers the workload.
    pub fn serves(&self, workload: &Workload) -> bool {
        (self.suites.contains(&workload.suite) && !self.except.contains_key(&workload.name))
            || self.workloads.contains(&workload.name)
    }
}

fn yes() -> bool {
    true
}

fn health() -> String {
    "/health".to_owned()
}

fn ready_timeout() -> f64 {
    30.0
}

impl Target {
    /// Returns the program for a workload, if any.
    pub fn app(&self, workload: &Workload) -> Option<&App> {
        self.apps.iter().find(|app| app.serves(workload))
    }

    /// Returns the documented reason why it does not serve a workload, if any.
    pub fn exception(&self, workload: &Workload) -> Option<&str> {
        self.apps
            .iter()
            .find_map(|app| app.except.get(&workload.name))
            .map(String::as_str)
    }

    pub(super) fn workload_names(&self) -> impl Iterator<Item = &String> {
        self.apps
            .iter()
            .flat_map(|app| app.workloads.iter().chain(app.except.keys()))
    }

    pub(super) fn suites(&self) -> impl Iterator<Item = &String> {
        let of_apps = self.apps.iter().flat_map(|app| &app.suites);
        of_apps.chain(self.run.over.all().flat_map(|swept| &swept.suites))
    }
}

/// Another way to start the same server, which becomes a separate target.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// The name of the target.
    pub name: String,
    /// A one-sentence description.
    pub description: String,
    /// Arguments to append to the command.
    pub arguments: Vec<String>,
    /// The suites that it serves; empty means all those of the target.
    #[serde(default)]
    pub suites: Vec<String>,
    /// Extra notes for readers.
    #[serde(default)]
    pub fairness: Vec<String>,
}

impl Target {
    /// Returns the target itself and its variants.
    pub(super) fn expand(mut self) -> Vec<Self> {
        let variants = std::mem::take(&mut self.variants);
        let mut all = vec![self.clone()];
        for variant in variants {
            let mut target = self.clone();
            target.name = variant.name;
            target.description = variant.description;
            let own = target.run.over.all_mut();
            for command in own.filter_map(|swept| swept.command.as_mut()) {
                command.extend(variant.arguments.iter().cloned());
            }
            target.run.command.extend(variant.arguments);
            if !variant.suites.is_empty() {
                for app in &mut target.apps {
                    app.suites.retain(|suite| variant.suites.contains(suite));
                    app.workloads.clear();
                }
            }
            target.fairness.extend(variant.fairness);
            all.push(target);
        }
        all
    }
}
