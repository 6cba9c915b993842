//! Where things are on this machine, by the names that definitions use for them.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// What `{name}` in a command of a target stands for.
#[derive(Debug, Clone)]
pub struct Places {
    /// The project's root, the working folder of all commands.
    pub root: PathBuf,
    names: BTreeMap<&'static str, String>,
}

impl Places {
    /// Below the project's root, with what the environment says otherwise.
    pub fn new(root: &Path) -> Result<Self> {
        let root = root.canonicalize().with_context(|| {
            format!(
                "the project's root `{}` is not there: name it with `--root`",
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
            first_there(&[
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
            (
                "self",
                env::current_exe().context("cannot tell where this program is")?,
            ),
        ];
        let names = names.map(|(name, path)| (name, path.to_string_lossy().into_owned()));
        Ok(Self {
            root,
            names: names.into(),
        })
    }

    /// The path of a name.
    pub fn get(&self, name: &str) -> &str {
        self.names.get(name).map_or("", String::as_str)
    }

    /// A text with its `{name}`s filled: those of places and some more.
    pub fn fill(&self, text: &str, more: &[(&str, &str)]) -> Result<String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else {
                bail!("`{text}` has a `{{` without its `}}`");
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
                    "`{text}` names the place `{{{name}}}`, which is unknown{}",
                    crate::nearest::nearest(name, all)
                );
            };
            filled = filled + before + value;
            rest = after;
        }
        Ok(filled + rest)
    }

    /// The path of a command: one of the path, or a file.
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

fn first_there(paths: &[PathBuf]) -> PathBuf {
    let there = paths.iter().find(|path| path.exists());
    there.or(paths.last()).cloned().unwrap_or_default()
}
