//! `spikard-bench exec`: starts a new session, binds the process to its cores, makes the kernel
//! end it with the harness, and becomes the server.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Signal, set_parent_process_death_signal, setsid};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::Paths;

/// Core numbers, written as `0` or `0-3,6`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cores(pub Vec<usize>);

impl std::str::FromStr for Cores {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong =
            || format!("`{text}` is not a list of cores: use a list such as `0`, `0,2` or `0-3`");
        let mut cores = Vec::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last): (usize, usize) = (
                first.trim().parse().with_context(wrong)?,
                last.trim().parse().with_context(wrong)?,
            );
            if first > last || last >= CpuSet::MAX_CPU {
                bail!(wrong());
            }
            cores.extend(first..=last);
        }
        cores.sort_unstable();
        cores.dedup();
        Ok(Self(cores))
    }
}

impl std::fmt::Display for Cores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let list: Vec<String> = self.0.iter().map(usize::to_string).collect();
        f.write_str(&list.join(","))
    }
}

impl Cores {
    /// Returns the cores that this process may use.
    pub fn allowed() -> Result<Self> {
        let set = sched_getaffinity(None)?;
        Ok(Self(
            (0..CpuSet::MAX_CPU)
                .filter(|core| set.is_set(*core))
                .collect(),
        ))
    }

    /// Binds the current thread and its future children to these cores.
    pub fn bind(&self) -> Result<()> {
        let mut set = CpuSet::new();
        for core in &self.0 {
            set.set(*core);
        }
        sched_setaffinity(None, &set).with_context(|| {
            format!("cannot bind to the cores `{self}`: use cores that this machine has")
        })
    }
}

/// Returns the command that runs `words` through `exec` on these cores.
pub(super) fn command_on(paths: &Paths, cores: &Cores, words: &[String]) -> Command {
    let mut command = Command::new(paths.get("self"));
    command
        .args(["exec", "--cores", &cores.to_string(), "--"])
        .args(words);
    command
}

/// Replaces this process with the command; returns only on failure.
pub fn exec(cores: &Cores, command: &[String]) -> Result<()> {
    let [program, arguments @ ..] = command else {
        bail!("the command is empty: pass one after `--`");
    };
    setsid().context("cannot start a new session")?;
    set_parent_process_death_signal(Some(Signal::TERM))?;
    cores.bind()?;
    let error = Command::new(program).args(arguments).exec();
    Err(error).with_context(|| format!("cannot start `{program}`"))
}
