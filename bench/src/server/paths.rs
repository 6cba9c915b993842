//! The paths on this machine that definitions refer to by name.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context as _, Result, bail};

/// The values of the placeholders `{name}` in commands of targets and services.
#[derive(Debug, Clone)]
pub struct Paths {
    /// The project root, the working directory of all commands.
    pub root: PathBuf,
    names: BTreeMap<&'static str, String>,
}

impl Paths {
    /// Resolves the paths below the project root; environment variables override them.
    pub fn new(root: &Path) -> Result<Self> {
        let root = root.canonicalize().with_context(|| {
            format!(
                "the project root `{}` does not exist: pass another one with `--root`",
                root.display()
            )
        })?;
        let folder = |variable: &str, otherwise: PathBuf| -> PathBuf {
            let given = env::var_os(variable).filter(|value| !value.is_empty());
            given.map_or(otherwise, |value| root.join(PathBuf::from(value)))
        };
        let target = folder("CARGO_TARGET_DIR", root.join("target"));
        let host = folder(
            "SPIKARD_WASM_BIN",
            first_existing(&[
                target.join("dist/spikard-wasm"),
                target.join("release/spikard-wasm"),
            ]),
        );
        let work = folder("SPIKARD_BENCH_WORK", root.join("target/bench"));
        let names = [
            ("root", root.clone()),
            ("host", host),
            (
                "guests",
                folder("SPIKARD_WASM_GUESTS", root.join("target/guests")),
            ),
            (
                "guest-target",
                folder("SPIKARD_WASM_GUEST_TARGET", root.join("target/rust-guests")),
            ),
            (
                "guest-python",
                folder("SPIKARD_WASM_PYTHON", root.join("target/python")),
            ),
            ("python", work.join("python")),
            ("peers", work.join("peers")),
            ("cache", work.join("cache")),
            ("services", work.join("services")),
            ("postgres", postgres_programs()),
            (
                "self",
                env::current_exe().context("cannot find the path of this program")?,
            ),
        ];
        let names = names.map(|(name, path)| (name, path.to_string_lossy().into_owned()));
        Ok(Self {
            root,
            names: names.into(),
        })
    }

    /// Returns the path for a placeholder.
    pub fn get(&self, name: &str) -> &str {
        self.names.get(name).map_or("", String::as_str)
    }

    /// Fills the placeholders `{name}` in a text, with extra values.
    pub fn fill(&self, text: &str, more: &[(&str, &str)]) -> Result<String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else {
                bail!("`{text}` has a `{{` without a `}}`");
            };
            let value = more
                .iter()
                .find(|(other, _)| *other == name)
                .map(|(_, value)| *value);
            let Some(value) = value.or_else(|| self.names.get(name).map(String::as_str)) else {
                let all = self
                    .names
                    .keys()
                    .copied()
                    .chain(more.iter().map(|(name, _)| *name));
                bail!(
                    "`{text}` has the unknown placeholder `{{{name}}}`{}",
                    crate::nearest::nearest(name, all)
                );
            };
            filled = filled + before + value;
            rest = after;
        }
        Ok(filled + rest)
    }

    /// Finds a command on the path, or as a file.
    pub fn find(&self, command: &str) -> Option<PathBuf> {
        if command.contains('/') {
            let path = self.root.join(command);
            return path.exists().then_some(path);
        }
        let path = env::var_os("PATH")?;
        env::split_paths(&path)
            .map(|folder| folder.join(command))
            .find(|file| file.is_file())
    }
}

/// Returns the folder of PostgreSQL's server programs: that in the path, or the newest of those that
/// Debian installs outside of the path.
fn postgres_programs() -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let entries = fs::read_dir(DEBIAN_POSTGRES).into_iter().flatten();
    let mut versions: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    versions.sort_by_key(|path| Reverse(version_number(path)));
    folders.extend(versions.iter().map(|path| path.join("bin")));
    // A link in the path leads to the folder with the other programs.
    let programs = |folder: PathBuf| {
        let server = folder.join("postgres").canonicalize().ok()?;
        server.parent().map(Path::to_owned)
    };
    let found = folders.into_iter().find_map(programs);
    found.unwrap_or_else(|| DEBIAN_POSTGRES.into())
}

/// Returns the major version of PostgreSQL that a folder of Debian is named after.
fn version_number(folder: &Path) -> Option<u32> {
    folder.file_name()?.to_str()?.parse().ok()
}

const DEBIAN_POSTGRES: &str = "/usr/lib/postgresql";

fn first_existing(paths: &[PathBuf]) -> PathBuf {
    let there = paths.iter().find(|path| path.exists());
    there.or(paths.last()).cloned().unwrap_or_default()
}
