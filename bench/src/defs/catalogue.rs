//! The catalogue of all definitions by name, with checked references.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::nearest::nearest;

use super::files::files;
use super::load::Load;
use super::service::Service;
use super::target::Target;
use super::workload::{File, Workload};

/// Every definition below a directory with `targets`, `workloads`, `services` and `loads`.
#[derive(Debug)]
pub struct Catalogue {
    /// Targets by name.
    pub targets: BTreeMap<String, Target>,
    /// Workloads by name.
    pub workloads: BTreeMap<String, Workload>,
    /// Services by name.
    pub services: BTreeMap<String, Service>,
    /// Loads by name.
    pub loads: BTreeMap<String, Load>,
}

impl Catalogue {
    /// Reads and checks all definitions below a directory.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut catalogue = Self {
            targets: BTreeMap::new(),
            workloads: BTreeMap::new(),
            services: BTreeMap::new(),
            loads: BTreeMap::new(),
        };
        for (path, file) in files::<Target>(&folder.join("targets"))? {
            let check = file.run.over.check();
            check.with_context(|| format!("`{}`", path.display()))?;
            for target in file.expand() {
                insert(&mut catalogue.targets, target.name.clone(), target, &path)?;
            }
        }
        for (path, file) in files::<File>(&folder.join("workloads"))? {
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
        for (path, service) in files::<Service>(&folder.join("services"))? {
            let name = service.name.clone();
            insert(&mut catalogue.services, name, service, &path)?;
        }
        for (path, load) in files::<Load>(&folder.join("loads"))? {
            load.check()
                .with_context(|| format!("`{}`, load `{}`", path.display(), load.name))?;
            insert(&mut catalogue.loads, load.name.clone(), load, &path)?;
        }
        catalogue.check_references()?;
        Ok(catalogue)
    }

    /// Checks that every definition that another one names exists.
    fn check_references(&self) -> Result<()> {
        for workload in self.workloads.values() {
            for name in workload.mix.keys() {
                let part = find(&self.workloads, "workload", name)
                    .with_context(|| format!("the mix of workload `{}`", workload.name))?;
                if !part.mix.is_empty() {
                    bail!(
                        "the mix of workload `{}` names `{name}`, which is a mix itself: name single workloads",
                        workload.name
                    );
                }
            }
        }
        for target in self.targets.values() {
            for name in target.workload_names() {
                find(&self.workloads, "workload", name)
                    .with_context(|| format!("the apps of target `{}`", target.name))?;
            }
            for suite in target.suites() {
                self.check_suite(suite, "target", &target.name)?;
            }
        }
        for service in self.services.values() {
            for suite in &service.suites {
                self.check_suite(suite, "service", &service.name)?;
            }
        }
        Ok(())
    }

    /// Checks that a suite which a target or a service names has a workload.
    fn check_suite(&self, suite: &str, kind: &str, name: &str) -> Result<()> {
        let all = || self.workloads.values().map(|it| it.suite.as_str());
        if !all().any(|other| other == suite) {
            bail!(
                "{kind} `{name}` names the suite `{suite}`, which has no workload{}",
                nearest(suite, all())
            );
        }
        Ok(())
    }

    /// Returns the named targets in this order, or all targets if `names` is empty.
    pub fn select_targets(&self, names: &[String]) -> Result<Vec<&Target>> {
        select(&self.targets, "target", names)
    }

    /// Returns the workloads of these names or suites in this order, or all if `names` is empty.
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

    /// Returns the named loads in this order, or all loads if `names` is empty.
    pub fn select_loads(&self, names: &[String]) -> Result<Vec<&Load>> {
        select(&self.loads, "load", names)
    }

    /// Returns the workloads to send with their weights: the parts of a mix, or the workload
    /// itself.
    pub fn parts(&self, workload: &Workload) -> Vec<(Workload, u32)> {
        if workload.mix.is_empty() {
            return vec![(workload.clone(), 1)];
        }
        let part = |(name, weight): (&String, &u32)| (self.workloads[name].clone(), *weight);
        workload.mix.iter().map(part).collect()
    }

    /// Returns the services that a workload or a part of its mix needs.
    pub fn services_for(&self, workload: &Workload) -> Vec<&Service> {
        let parts = self.parts(workload);
        let needed = |service: &&Service| {
            let mut suites = parts.iter().map(|(part, _)| &part.suite);
            suites.any(|suite| service.suites.contains(suite))
        };
        self.services.values().filter(needed).collect()
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

/// Looks up a definition; the error suggests the nearest name.
fn find<'a, T>(all: &'a BTreeMap<String, T>, kind: &str, name: &str) -> Result<&'a T> {
    all.get(name).with_context(|| {
        format!(
            "{kind} `{name}` does not exist{} (`spikard-bench list` shows all)",
            nearest(name, all.keys().map(String::as_str))
        )
    })
}

fn insert<T>(all: &mut BTreeMap<String, T>, name: String, value: T, path: &Path) -> Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(plain) {
        bail!(
            "`{}` has the invalid name `{name}`: use lowercase letters, digits and `-`",
            path.display()
        );
    }
    if all.insert(name.clone(), value).is_some() {
        bail!(
            "`{}` defines `{name}`, which another file already defines: rename one of them",
            path.display()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_definitions_are_valid() {
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
