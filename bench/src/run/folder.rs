//! The folder of a run: its plan, its rows, and the lock that keeps another run away.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::defs::{Load, Target, Workload};
use crate::fingerprint::Fingerprint;

use super::{Row, SCHEMA};

/// What a run does; the same settings may go on with its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The names of targets, the base first.
    pub targets: Vec<String>,
    /// The names of workloads.
    pub workloads: Vec<String>,
    /// The names of loads.
    pub loads: Vec<String>,
    /// How often everything is measured.
    pub rounds: u32,
    /// Cores of servers.
    pub server_cores: String,
    /// Cores of the load.
    pub load_cores: String,
    /// Workers of servers.
    pub workers: usize,
    /// The seed of all random values.
    pub seed: u64,
    /// Differences below this share are never claimed.
    pub floor: f64,
}

/// All that one has to know to read the rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// The version of the record.
    pub schema: u32,
    /// What is done.
    pub settings: Settings,
    /// Where.
    pub fingerprint: Fingerprint,
    /// The targets' versions, in the order of the settings.
    pub versions: Vec<String>,
    /// The targets, as they were defined.
    pub targets: Vec<Target>,
    /// The workloads, as they were defined.
    pub workloads: Vec<Workload>,
    /// The loads, as they were carried out.
    pub loads: Vec<Load>,
    /// Targets that were asked for and could not be measured, and why.
    pub unavailable: Vec<(String, String)>,
}

/// A run's folder.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// What the run does.
    pub plan: Plan,
    /// What is done.
    pub rows: Vec<Row>,
    file: Option<File>,
    _lock: Option<File>,
}

impl Folder {
    /// Opens a folder to go on with it, or makes it. Only one run may be under way on a
    /// machine, as two would measure each other.
    pub fn open(path: &Path, plan: Plan) -> Result<Self> {
        let lock = lock()?;
        fs::create_dir_all(path)
            .with_context(|| format!("cannot make the folder `{}`", path.display()))?;
        let (plan, rows) = if path.join("plan.json").exists() {
            let old = Self::read(path)?;
            let (a, b) = (strip(&old.plan)?, strip(&plan)?);
            if a != b {
                bail!(
                    "`{}` has a run of other settings, definitions or versions ({}): give another folder with `--out`",
                    path.display(),
                    first_difference(&a, &b)
                );
            }
            if old.plan.fingerprint.machine() != plan.fingerprint.machine() {
                bail!(
                    "`{}` has a run of another machine: give another folder with `--out`",
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
        // A line that was cut off when a run was ended: the next one begins its own.
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

    /// Reads what a run has left.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.join("plan.json");
        let text = fs::read_to_string(&name).with_context(|| {
            format!(
                "`{}` is no folder of a run: it has no `plan.json`",
                path.display()
            )
        })?;
        let version: serde_json::Value = serde_json::from_str(&text)
            .with_context(|| format!("`{}` is damaged", name.display()))?;
        if version["schema"] != SCHEMA {
            bail!(
                "`{}` has the schema version `{}`, and this program reads {SCHEMA}: measure anew",
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
                    "line {} of the rows has the schema version `{}`",
                    number + 1,
                    row.schema
                ),
                // Cut off by whatever ended the run: measured again.
                Err(error) if error.is_eof() => eprintln!(
                    "line {} of `rows.jsonl` is incomplete and not counted",
                    number + 1
                ),
                Err(error) => bail!(
                    "line {} of `rows.jsonl` is damaged ({error}): give another folder",
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

    /// Adds rows, which are on disk when it returns.
    pub fn add(&mut self, rows: Vec<Row>) -> Result<()> {
        let mut text = Vec::new();
        for row in &rows {
            serde_json::to_writer(&mut text, row)?;
            text.push(b'\n');
        }
        let name = self.path.join("rows.jsonl");
        let file = self
            .file
            .as_mut()
            .context("the folder was opened to be read")?;
        let written = file.write_all(&text).and_then(|()| file.flush());
        written.with_context(|| {
            format!("cannot write to `{}`: what was measured before is kept there; make room, and run the same again", name.display())
        })?;
        self.rows.extend(rows);
        Ok(())
    }

    /// A file of the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

/// What two runs must share to be one.
fn strip(plan: &Plan) -> Result<serde_json::Value> {
    let mut value = serde_json::to_value(plan)?;
    if let Some(plan) = value.as_object_mut() {
        plan.remove("fingerprint");
        plan.remove("unavailable");
    }
    // More rounds of the same are welcome.
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
                None => "a field is there in one alone".to_owned(),
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

/// Writes a file whole or not at all.
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
            "another run is under way (process {}), and two at once would measure each other: wait for it",
            holder.trim()
        );
    }
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "{}", std::process::id())?;
    Ok(file)
}
