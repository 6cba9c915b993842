//! `spikard-bench exec`: what a server's process does before it becomes the server. It
//! leaves the terminal, binds itself to its cores and asks to end with the harness.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Signal, set_parent_process_death_signal, setsid};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Numbers of cores, as `0` or `0-3,6`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cores(pub Vec<usize>);

impl std::str::FromStr for Cores {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || format!("`{text}` is no list of cores: use `0`, `0,2` or `0-3`");
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
    /// Those that this process may use.
    pub fn allowed() -> Result<Self> {
        let set = sched_getaffinity(None)?;
        Ok(Self(
            (0..CpuSet::MAX_CPU)
                .filter(|core| set.is_set(*core))
                .collect(),
        ))
    }

    /// Binds this thread, and what it starts, to these cores.
    pub fn bind(&self) -> Result<()> {
        let mut set = CpuSet::new();
        for core in &self.0 {
            set.set(*core);
        }
        sched_setaffinity(None, &set)
            .with_context(|| format!("cannot bind to the cores `{self}`: are they there?"))
    }
}

/// Becomes the command; returns only where that fails.
pub fn exec(cores: &Cores, command: &[String]) -> Result<()> {
    let [program, arguments @ ..] = command else {
        bail!("there is no command to become");
    };
    setsid().context("cannot leave the session")?;
    set_parent_process_death_signal(Some(Signal::TERM))?;
    cores.bind()?;
    let error = Command::new(program).args(arguments).exec();
    Err(error).with_context(|| format!("cannot start `{program}`"))
}
