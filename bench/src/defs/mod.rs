//! Definitions as data: targets, workloads and loads, each a TOML file that names every
//! field it may have. Whatever is unknown is refused, with the nearest name that exists.

mod load;
mod over;
mod target;
mod workload;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::de::DeserializeOwned;

pub use load::{Arrivals, Cache, Knee, Load, LoadKind, Over};
pub use over::{Sweeps, Swept};
pub use target::{App, Build, Kind, Need, Ready, Run, Target, Variant};
pub use workload::{Check, Part, Reply, Request, Workload};

/// Everything that a folder with `targets`, `workloads` and `loads` defines.
#[derive(Debug)]
pub struct Catalogue {
    /// By name.
    pub targets: BTreeMap<String, Target>,
    /// By name.
    pub workloads: BTreeMap<String, Workload>,
    /// By name.
    pub loads: BTreeMap<String, Load>,
}

impl Catalogue {
    /// Reads and checks all definitions below a folder.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut catalogue = Self {
            targets: BTreeMap::new(),
            workloads: BTreeMap::new(),
            loads: BTreeMap::new(),
        };
        for (path, file) in files::<Target>(&folder.join("targets"))? {
            let check = file.run.over.check();
            check.with_context(|| format!("`{}`", path.display()))?;
            for target in file.expand() {
                insert(&mut catalogue.targets, target.name.clone(), target, &path)?;
            }
        }
        for (path, file) in files::<workload::File>(&folder.join("workloads"))? {
            for workload in file.workload {
                workload.check().with_context(|| {
                    format!("`{}`, workload `{}`", path.display(), workload.name)
                })?;
                insert(
                    &mut catalogue.workloads,
                    workload.name.clone(),
                    workload,
                    &path,
                )?;
            }
        }
        for (path, load) in files::<Load>(&folder.join("loads"))? {
            load.check()
                .with_context(|| format!("`{}`, load `{}`", path.display(), load.name))?;
            insert(&mut catalogue.loads, load.name.clone(), load, &path)?;
        }
        catalogue.check_references()?;
        Ok(catalogue)
    }

    /// Names that definitions use of each other must exist.
    fn check_references(&self) -> Result<()> {
        for workload in self.workloads.values() {
            for name in workload.mix.keys() {
                let part = find(&self.workloads, "workload", name)
                    .with_context(|| format!("the mix of workload `{}`", workload.name))?;
                if !part.mix.is_empty() {
                    bail!(
                        "the mix of workload `{}` names `{name}`, which is a mix itself: name single ones",
                        workload.name
                    );
                }
            }
        }
        for target in self.targets.values() {
            for name in target.workload_names() {
                find(&self.workloads, "workload", name)
                    .with_context(|| format!("what target `{}` serves", target.name))?;
            }
            for suite in target.suites() {
                if !self
                    .workloads
                    .values()
                    .any(|workload| &workload.suite == suite)
                {
                    bail!(
                        "target `{}` serves the suite `{suite}`, of which there is no workload{}",
                        target.name,
                        nearest(
                            suite,
                            self.workloads
                                .values()
                                .map(|workload| workload.suite.as_str())
                        )
                    );
                }
            }
        }
        Ok(())
    }

    /// The targets of these names, in this order; all where none is named.
    pub fn select_targets(&self, names: &[String]) -> Result<Vec<&Target>> {
        select(&self.targets, "target", names)
    }

    /// The workloads of these names or suites, in this order; all where none is named.
    pub fn select_workloads(&self, names: &[String]) -> Result<Vec<&Workload>> {
        let mut chosen: Vec<&Workload> = Vec::new();
        for name in names {
            let of_suite: Vec<_> = self
                .workloads
                .values()
                .filter(|workload| &workload.suite == name)
                .collect();
            if of_suite.is_empty() {
                chosen.push(find(&self.workloads, "workload", name)?);
            }
            chosen.extend(of_suite);
        }
        if names.is_empty() {
            chosen.extend(self.workloads.values());
        }
        let mut seen = std::collections::BTreeSet::new();
        chosen.retain(|workload| seen.insert(&workload.name));
        Ok(chosen)
    }

    /// The loads of these names, in this order; all where none is named.
    pub fn select_loads(&self, names: &[String]) -> Result<Vec<&Load>> {
        select(&self.loads, "load", names)
    }

    /// A workload as what is sent: itself, or what it is mixed of, each with its weight.
    pub fn parts(&self, workload: &Workload) -> Vec<(Workload, u32)> {
        if workload.mix.is_empty() {
            return vec![(workload.clone(), 1)];
        }
        let part = |(name, weight): (&String, &u32)| (self.workloads[name].clone(), *weight);
        workload.mix.iter().map(part).collect()
    }
}

fn select<'a, T>(all: &'a BTreeMap<String, T>, kind: &str, names: &[String]) -> Result<Vec<&'a T>> {
    if names.is_empty() {
        return Ok(all.values().collect());
    }
    let mut seen = std::collections::BTreeSet::new();
    let once = names.iter().filter(|name| seen.insert(name.as_str()));
    once.map(|name| find(all, kind, name)).collect()
}

/// What has a name, or a sentence with the nearest name that there is.
fn find<'a, T>(all: &'a BTreeMap<String, T>, kind: &str, name: &str) -> Result<&'a T> {
    all.get(name).with_context(|| {
        format!(
            "there is no {kind} `{name}`{} (`spikard-bench list` shows all)",
            nearest(name, all.keys().map(String::as_str))
        )
    })
}

/// `: did you mean ...?`, where a name is near enough.
pub fn nearest<'a>(name: &str, all: impl Iterator<Item = &'a str>) -> String {
    all.map(|other| (strsim::damerau_levenshtein(name, other), other))
        .min()
        .filter(|(distance, other)| *distance <= 2 || distance * 3 <= other.len().max(name.len()))
        .map(|(_, other)| format!(": did you mean `{other}`?"))
        .unwrap_or_default()
}

fn insert<T>(all: &mut BTreeMap<String, T>, name: String, value: T, path: &Path) -> Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(plain) {
        bail!(
            "`{}` has the name `{name}`: use small letters, digits and `-`",
            path.display()
        );
    }
    if all.insert(name.clone(), value).is_some() {
        bail!(
            "`{}` defines `{name}`, which another file defines too",
            path.display()
        );
    }
    Ok(())
}

/// All `*.toml` of a folder, in the order of their names.
fn files<T: DeserializeOwned>(folder: &Path) -> Result<Vec<(PathBuf, T)>> {
    let entries = fs::read_dir(folder).with_context(|| {
        format!(
            "cannot read the definitions in `{}`: name their folder with `--definitions`",
            folder.display()
        )
    })?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            paths.push(path);
        }
    }
    paths.sort();
    paths
        .into_iter()
        .map(|path| Ok((path.clone(), read(&path)?)))
        .collect()
}

/// One definition. An unknown field is an error that names the nearest one.
fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    toml::from_str(&text).map_err(|error| {
        let message = error.message().to_owned();
        let line = error
            .span()
            .map(|span| text[..span.start].matches('\n').count() + 1)
            .map(|line| format!(", line {line}"))
            .unwrap_or_default();
        anyhow::anyhow!(
            "`{}`{line}: {message}{}",
            path.display(),
            suggestion(&message)
        )
    })
}

/// Of serde's "unknown field `x`, expected one of `a`, `b`", the nearest.
fn suggestion(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    match (message.starts_with("unknown "), quoted.next()) {
        (true, Some(name)) => nearest(name, quoted),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_nearest() {
        assert_eq!(
            nearest("fastfy", ["axum", "fastify"].into_iter()),
            ": did you mean `fastify`?"
        );
        assert_eq!(nearest("zzzzzz", ["axum", "fastify"].into_iter()), "");
    }

    #[test]
    fn an_unknown_field_names_the_nearest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.toml");
        fs::write(
            &path,
            "name = \"x\"\nkind = \"closed\"\ndescription = \"\"\nconection = 3\n",
        )
        .unwrap();
        let error = read::<Load>(&path).unwrap_err().to_string();
        assert!(error.contains("line 4"), "{error}");
        assert!(error.contains("unknown field `conection`"), "{error}");
        assert!(error.contains("did you mean `connections`?"), "{error}");
    }

    #[test]
    fn a_sweep_over_what_is_unknown_names_the_nearest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.toml");
        let head = "name = \"x\"\nkind = \"sweep\"\ndescription = \"\"\nvalues = [1]\n";
        fs::write(&path, format!("{head}over = \"rutes\"\n")).unwrap();
        let error = read::<Load>(&path).unwrap_err().to_string();
        assert!(error.contains("did you mean `routes`?"), "{error}");
        fs::write(&path, "[rutes]\narguments = [\"{value}\"]\n").unwrap();
        let error = read::<Sweeps>(&path).unwrap_err().to_string();
        assert!(error.contains("did you mean `routes`?"), "{error}");
        fs::write(&path, "[apps]\nargument = [\"{value}\"]\n").unwrap();
        let error = read::<Sweeps>(&path).unwrap_err().to_string();
        assert!(error.contains("did you mean `arguments`?"), "{error}");
    }

    #[test]
    fn the_definitions_of_the_tree_are_sound() {
        let catalogue = Catalogue::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert!(
            catalogue
                .workloads
                .values()
                .filter(|w| w.suite == "spikard")
                .count()
                == 36
        );
        let error = catalogue
            .select_targets(&["axun".to_owned()])
            .unwrap_err()
            .to_string();
        assert!(error.contains("did you mean `axum`?"), "{error}");
    }
}
