//! Options that several commands share.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::defs::Catalogue;
use crate::server::Paths;

/// Options of every command.
#[derive(Debug, Args)]
pub struct Common {
    /// Project root, to which paths in definitions are relative [default: nearest parent of the
    /// current directory]
    #[arg(long, global = true, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Directory with `targets`, `workloads`, `services` and `loads` [default: `bench` in the root]
    #[arg(long, global = true, value_name = "DIR")]
    pub definitions: Option<PathBuf>,
}

impl Common {
    /// Reads the definitions and resolves the paths that they use.
    pub fn read(&self) -> Result<(Catalogue, Paths)> {
        let paths = self.paths()?;
        let definitions = match &self.definitions {
            Some(folder) => folder.clone(),
            None => paths.root.join("bench"),
        };
        Ok((Catalogue::read(&definitions)?, paths))
    }

    /// Resolves the paths on this machine.
    pub fn paths(&self) -> Result<Paths> {
        let root = match &self.root {
            Some(root) => root.clone(),
            None => {
                let here = std::env::current_dir()?;
                let found = here
                    .ancestors()
                    .find(|folder| folder.join("bench/targets").is_dir());
                found.map_or(here.clone(), PathBuf::from)
            }
        };
        Paths::new(&root)
    }
}

/// Targets and workloads to use; all by default.
#[derive(Debug, Clone, Args)]
pub struct Selection {
    /// Targets, separated by commas [default: all]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub targets: Vec<String>,
    /// Workloads or suites, separated by commas [default: all]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub workloads: Vec<String>,
}
