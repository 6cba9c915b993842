//! The directory of a run: its plan, its rows, and a lock that excludes other runs.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::defs::{Load, Target, Workload};
use crate::fingerprint::Fingerprint;

use super::{Row, SCHEMA};

/// The settings of a run; only a run with the same settings can resume it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The names of the targets, the base first.
    pub targets: Vec<String>,
    /// The names of the workloads.
    pub workloads: Vec<String>,
    /// The names of the loads.
    pub loads: Vec<String>,
    /// The number of rounds.
    pub rounds: u32,
    /// Cores for servers.
    pub server_cores: String,
    /// Cores for the load.
    pub load_cores: String,
    /// Cores for services; empty in records of versions without services.
    #[serde(default)]
    pub service_cores: String,
    /// Workers per server.
    pub workers: usize,
    /// The seed of all random values.
    pub seed: u64,
    /// Relative difference below which no difference is claimed.
    pub floor: f64,
}

/// Everything that is needed to interpret the rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// The schema version of the record.
    pub schema: u32,
    /// The settings.
    pub settings: Settings,
    /// The machine and the source.
    pub fingerprint: Fingerprint,
    /// The versions of the targets, in the order of the settings.
    pub versions: Vec<String>,
    /// The definitions of the targets.
    pub targets: Vec<Target>,
    /// The definitions of the workloads.
    pub workloads: Vec<Workload>,
    /// The loads, with the overrides of the command line.
    pub loads: Vec<Load>,
    /// Requested targets that could not be measured, with the reason.
    pub unavailable: Vec<(String, String)>,
}

/// The directory of a run.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// The plan of the run.
    pub plan: Plan,
    /// The finished rows.
    pub rows: Vec<Row>,
    file: Option<File>,
    _lock: Option<File>,
}

impl Folder {
    /// Creates a directory, or opens one to resume its run. Only one run per machine is allowed,
    /// because two concurrent runs would disturb each other.
    pub fn open(path: &Path, plan: Plan) -> Result<Self> {
        let lock = lock()?;
        fs::create_dir_all(path)
            .with_context(|| format!("cannot create the directory `{}`", path.display()))?;
        let (plan, rows) = if path.join("plan.json").exists() {
            let old = Self::read(path)?;
            let (a, b) = (strip(&old.plan)?, strip(&plan)?);
            if a != b {
                bail!(
                    "`{}` has a run with other settings, definitions or versions ({}): pass another directory with `--out`",
                    path.display(),
                    first_difference(&a, &b)
                );
            }
            if old.plan.fingerprint.machine() != plan.fingerprint.machine() {
                bail!(
                    "`{}` has a run of another machine: pass another directory with `--out`",
                    path.display()
                );
            }
            (old.plan, old.rows)
        } else {
            write_file(&path.join("plan.json"), &serde_json::to_vec_pretty(&plan)?)?;
            (plan, Vec::new())
        };
        let name = path.join("rows.jsonl");
        let file = OpenOptions::new().create(true).append(true).open(&name);
        let mut file = file.with_context(|| format!("cannot write `{}`", name.display()))?;
        // An interrupted run may leave a partial line; start a new line after it.
        let whole = |text: Vec<u8>| text.is_empty() || text.ends_with(b"\n");
        if name.is_file() && !fs::read(&name).is_ok_and(whole) {
            file.write_all(b"\n")?;
        }
        Ok(Self {
            path: path.to_owned(),
            plan,
            rows,
            file: Some(file),
            _lock: Some(lock),
        })
    }

    /// Reads the plan and the rows of a run.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.join("plan.json");
        let text = fs::read_to_string(&name).with_context(|| {
            format!(
                "`{}` is not the directory of a run: it has no `plan.json`",
                path.display()
            )
        })?;
        let version: serde_json::Value = serde_json::from_str(&text)
            .with_context(|| format!("`{}` is damaged", name.display()))?;
        if version["schema"] != SCHEMA {
            bail!(
                "`{}` has schema version `{}`, but this program reads version {SCHEMA}: measure again",
                name.display(),
                version["schema"]
            );
        }
        let plan = serde_json::from_str(&text)
            .with_context(|| format!("`{}` is damaged", name.display()))?;
        let mut rows = Vec::new();
        let text = fs::read_to_string(path.join("rows.jsonl")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        for (number, line) in lines.iter().enumerate() {
            match serde_json::from_str::<Row>(line) {
                Ok(row) if row.schema == SCHEMA => rows.push(row),
                Ok(row) => bail!(
                    "line {} of `rows.jsonl` has schema version `{}`: measure again",
                    number + 1,
                    row.schema
                ),
                // An interrupted run left this line incomplete; the run measures it again.
                Err(error) if error.is_eof() => eprintln!(
                    "ignoring line {} of `rows.jsonl`: it is incomplete",
                    number + 1
                ),
                Err(error) => bail!(
                    "line {} of `rows.jsonl` is corrupt ({error}): use another directory",
                    number + 1
                ),
            }
        }
        Ok(Self {
            path: path.to_owned(),
            plan,
            rows,
            file: None,
            _lock: None,
        })
    }

    /// Appends rows and syncs them to disk.
    pub fn add(&mut self, rows: Vec<Row>) -> Result<()> {
        let mut text = Vec::new();
        for row in &rows {
            serde_json::to_writer(&mut text, row)?;
            text.push(b'\n');
        }
        let name = self.path.join("rows.jsonl");
        let file = self.file.as_mut().context("the run was opened read-only")?;
        let written = file.write_all(&text).and_then(|()| file.flush());
        written.with_context(|| {
            format!("cannot write to `{}`: free disk space and run the same command again; earlier rows are saved", name.display())
        })?;
        self.rows.extend(rows);
        Ok(())
    }

    /// Returns the path of a file in the directory.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

/// Removes the parts of a plan that may differ between a run and its continuation.
fn strip(plan: &Plan) -> Result<serde_json::Value> {
    let mut value = serde_json::to_value(plan)?;
    if let Some(plan) = value.as_object_mut() {
        plan.remove("fingerprint");
        plan.remove("unavailable");
    }
    // A run may resume with more rounds.
    value["settings"]["rounds"] = 0.into();
    Ok(value)
}

fn first_difference(a: &serde_json::Value, b: &serde_json::Value) -> String {
    use serde_json::Value;
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let differing = a.iter().find(|(name, value)| b.get(*name) != Some(value));
            match differing.and_then(|(name, value)| Some((name, value, b.get(name)?))) {
                Some((name, one, other)) => format!("{name}: {}", first_difference(one, other)),
                None => "only one of them has a field".to_owned(),
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let pair = a.iter().zip(b).find(|(one, other)| one != other);
            pair.map(|(one, other)| first_difference(one, other))
                .unwrap_or_default()
        }
        _ => format!("`{a}` there, `{b}` here"),
    }
}

/// Writes a file atomically.
pub(crate) fn write_file(path: &Path, text: &[u8]) -> Result<()> {
    let draft = path.with_extension("draft");
    let written = fs::write(&draft, text).and_then(|()| fs::rename(&draft, path));
    written.with_context(|| format!("cannot write `{}`", path.display()))
}

fn lock() -> Result<File> {
    let name = std::env::temp_dir().join("spikard-bench.lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&name);
    let mut file = file.with_context(|| format!("cannot open the lock `{}`", name.display()))?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        let mut holder = String::new();
        let _ = file.read_to_string(&mut holder);
        bail!(
            "another run is in progress (process {}) and would disturb this one: wait until it ends",
            holder.trim()
        );
    }
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "{}", std::process::id())?;
    Ok(file)
}
