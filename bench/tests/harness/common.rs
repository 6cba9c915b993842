//! A directory of definitions whose targets are the artificial server.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tempfile::TempDir;

/// Definitions and the directory of a run.
pub(crate) struct Bench {
    folder: TempDir,
    _turn: MutexGuard<'static, ()>,
}

/// Serializes the tests, because concurrent ones would disturb each other.
static TURN: Mutex<()> = Mutex::new(());

impl Bench {
    /// Creates targets with these names and arguments.
    pub(crate) fn new(targets: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["targets", "workloads", "services", "loads"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let bench = Self {
            folder,
            _turn: turn,
        };
        for (name, arguments) in targets {
            bench.target(name, arguments, "");
        }
        bench.write(
            "workloads/hello.toml",
            r#"
            [[workload]]
            name = "hello"
            description = "A constant"
            suite = "core"
            category = "core"
            request = { method = "GET", path = "/hello" }
            reply = { body = { json = '{"message":"Hello, World!"}' } }
            "#,
        );
        let load = |name: &str, rest: &str| {
            let text = format!(
                "name = \"{name}\"\ndescription = \"\"\nkind = \"{name}\"\nseconds = 1.0\nwarmup = 0.2\n{rest}"
            );
            bench.write(&format!("loads/{name}.toml"), &text);
        };
        load("closed", "connections = 4\n");
        load("open", "connections = 32\nrate = 200.0\n");
        bench
    }

    /// Adds a target; `rest` is appended to its definition.
    pub(crate) fn target(&self, name: &str, arguments: &str, rest: &str) {
        let arguments: String = arguments
            .split_whitespace()
            .map(|word| format!(", \"{word}\""))
            .collect();
        self.write(
            &format!("targets/{name}.toml"),
            &format!(
                "name = \"{name}\"\ndescription = \"\"\nlanguage = \"rust\"\nruntime = \"none\"\nkind = \"native\"\n\
                 version = [\"{{self}}\", \"--version\"]\nfairness = []\n{rest}\n\
                 [run]\ncommand = [\"{{self}}\", \"artificial\", \"--port\", \"{{port}}\"{arguments}]\n\
                 [[app]]\nsuites = [\"core\"]\n"
            ),
        );
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns a command that uses these definitions.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spikard-bench"));
        // A separate lock, so that a run outside the tests does not block them.
        command
            .args(line.split_whitespace())
            .current_dir(self.path())
            .env("TMPDIR", self.path());
        command.args(["--root", ".", "--definitions", "."]);
        command
    }

    pub(crate) fn output(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    /// Runs a command that must fail, and returns its standard error.
    pub(crate) fn refused(&self, line: &str) -> String {
        let output = self.output(line);
        assert!(!output.status.success(), "{}", text(&output));
        String::from_utf8(output.stderr).unwrap()
    }

    /// Runs the benchmarks and returns the summary.
    pub(crate) fn measure(&self, line: &str) -> Value {
        let output = self.output(&format!("run --out out {line}"));
        assert!(output.status.success(), "{}", text(&output));
        self.summary()
    }

    /// Like `measure`, but repeats the run until `quiet` accepts the summary, in case the machine
    /// is busy.
    pub(crate) fn measure_in_quiet(&self, line: &str, quiet: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..4 {
            let _ = fs::remove_dir_all(self.path().join("out"));
            let summary = self.measure(line);
            if quiet(&summary) {
                return summary;
            }
        }
        panic!(
            "the machine is too busy to measure anything: {}",
            self.summary()["groups"]
        );
    }

    pub(crate) fn summary(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.path().join("out/summary.json")).unwrap())
            .unwrap()
    }
}

/// Returns the line of a target in the group of a load.
pub(crate) fn line<'a>(summary: &'a Value, load: &str, target: &str) -> &'a Value {
    let group = summary["groups"]
        .as_array()
        .unwrap()
        .iter()
        .find(|group| group["load"] == load)
        .unwrap();
    let lines = group["lines"].as_array().unwrap();
    lines
        .iter()
        .find(|line| line["target"] == target && line["control"] == false)
        .unwrap()
}

pub(crate) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Returns true if every target sustained the rate in every round, so that CPU times belong to the
/// requests.
pub(crate) fn has_cpu(summary: &Value) -> bool {
    let rounds = summary["settings"]["rounds"].as_u64();
    let groups = summary["groups"].as_array().unwrap();
    let mut lines = groups
        .iter()
        .flat_map(|group| group["lines"].as_array().unwrap());
    lines.all(|line| {
        let ratio = &line["ratios"]["cpu_us"]["rounds"];
        line["overloaded"] == 0 && (ratio.is_null() || ratio.as_u64() == rounds)
    })
}
