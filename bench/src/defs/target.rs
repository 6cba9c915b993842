//! A target: a server that is built, started, asked and stopped.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::build::Build;
use super::over::Sweeps;
use super::workload::Workload;

/// One server, or one way to start it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// What it is called on the command line and in reports.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// The language of its handlers.
    pub language: String,
    /// What runs them: a framework or a host.
    pub runtime: String,
    /// What sort of server it is.
    pub kind: Kind,
    /// A command whose first line of output is the version.
    pub version: Vec<String>,
    /// Commands and files that must be there.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// Steps that make it, in this order.
    #[serde(default)]
    pub build: Vec<Build>,
    /// How it is started.
    pub run: Run,
    /// When it is ready.
    #[serde(default)]
    pub ready: Ready,
    /// The programs that it is started with, each for its workloads.
    #[serde(rename = "app")]
    pub apps: Vec<App>,
    /// A path with the figures of stages, as the host's `/metrics`.
    #[serde(default)]
    pub metrics: Option<String>,
    /// What a reader should know before he compares it.
    pub fairness: Vec<String>,
    /// Other ways to start it, each a target of its own.
    #[serde(default, rename = "variant", skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
}

/// What sort of server a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Compiled to machine code, no sandbox: the floor.
    Native,
    /// WebAssembly components.
    Component,
    /// Another server in the same language.
    Peer,
}

impl Kind {
    /// As in the definition.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Component => "component",
            Self::Peer => "peer",
        }
    }
}

/// A tool without which a target is unavailable.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// A command on the path, or a path.
    pub command: String,
    /// What to do about it.
    pub remedy: String,
}

/// How a server is started.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The command; no shell reads it. It must name `{port}`.
    pub command: Vec<String>,
    /// Its working folder, of the project's root.
    #[serde(default)]
    pub folder: String,
    /// Variables that it gets beside those of the harness.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// What is added for a start without what former starts left; none where it keeps nothing.
    #[serde(default)]
    pub uncached: Vec<String>,
    /// Whether more workers can be asked for.
    #[serde(default = "yes")]
    pub scales: bool,
    /// How it is started with a number of routes or apps.
    #[serde(default, skip_serializing_if = "Sweeps::is_empty")]
    pub over: Sweeps,
}

/// When a server is ready.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ready {
    /// A path that answers 2xx then.
    #[serde(default = "health")]
    pub path: String,
    /// Seconds that it may take.
    #[serde(default = "patience")]
    pub seconds: f64,
}

impl Default for Ready {
    fn default() -> Self {
        Self {
            path: health(),
            seconds: patience(),
        }
    }
}

/// A program that the server is started with, `{app}` in its command.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// A file, or whatever the command makes of it.
    #[serde(default)]
    pub file: String,
    /// The suites that it serves.
    #[serde(default)]
    pub suites: Vec<String>,
    /// Single workloads that it serves besides.
    #[serde(default)]
    pub workloads: Vec<String>,
    /// Workloads of its suites that it does not serve, each with the reason.
    #[serde(default)]
    pub except: BTreeMap<String, String>,
}

impl App {
    /// Whether it answers a workload.
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

fn patience() -> f64 {
    30.0
}

impl Target {
    /// The program for a workload, where there is one.
    pub fn app(&self, workload: &Workload) -> Option<&App> {
        self.apps.iter().find(|app| app.serves(workload))
    }

    /// Why it does not serve a workload, where its definition says.
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

/// Another way to start the same server, a target of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// What it is called.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// What is added to the command.
    pub arguments: Vec<String>,
    /// What is added to the notes.
    #[serde(default)]
    pub fairness: Vec<String>,
}

impl Target {
    /// The target itself and its variants.
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
            target.fairness.extend(variant.fairness);
            all.push(target);
        }
        all
    }
}
