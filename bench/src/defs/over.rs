//! The tables of a target that say how to start it with a number of routes or apps.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use super::build::Build;
use super::load::Over;

/// The sweeps that a target supports in addition to connections and workers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sweeps {
    /// Numbered routes in addition to its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routes: Option<SweepOverride>,
    /// Apps in one process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apps: Option<SweepOverride>,
}

/// Overrides for one dimension of a sweep; `{value}` stands for the value of the point.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepOverride {
    /// Suites whose programs support the sweep; empty means all.
    #[serde(default)]
    pub suites: Vec<String>,
    /// A command that replaces the target's own.
    #[serde(default)]
    pub command: Option<Vec<String>>,
    /// Arguments to append to the command.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Extra environment variables.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Build steps to run after those of the target.
    #[serde(default)]
    pub build: Vec<Build>,
}

pub(super) const VALUE: &str = "{value}";

impl Sweeps {
    /// Returns true if the target supports neither dimension.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn get(&self, over: Over) -> Option<&SweepOverride> {
        match over {
            Over::Routes => self.routes.as_ref(),
            Over::Apps => self.apps.as_ref(),
            Over::Connections | Over::Workers => None,
        }
    }

    /// Returns the overrides of every supported dimension.
    pub(super) fn all(&self) -> impl Iterator<Item = &SweepOverride> {
        self.routes.iter().chain(&self.apps)
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut SweepOverride> {
        self.routes.iter_mut().chain(&mut self.apps)
    }

    /// Checks that the overrides use the value; otherwise all points of a sweep would be the same.
    pub(super) fn check(&self) -> Result<()> {
        for (name, swept) in [("routes", &self.routes), ("apps", &self.apps)] {
            let Some(swept) = swept else { continue };
            let mut words = swept
                .command
                .iter()
                .flatten()
                .chain(&swept.arguments)
                .chain(swept.environment.values());
            if !words.any(|word| word.contains(VALUE)) {
                bail!(
                    "its `[run.over.{name}]` does not name `{{value}}`, so every value would start the same server: use it in `command`, `arguments` or `environment`"
                );
            }
            let fixed = |made: &&String| !made.contains(VALUE);
            if let Some(made) = swept.build.iter().flat_map(|step| &step.makes).find(fixed) {
                bail!(
                    "a build step of its `[run.over.{name}]` makes `{made}` for every value: use `{{value}}` in the name"
                );
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_must_use_the_value() {
        let read = |text: &str| toml::from_str::<Sweeps>(text).unwrap().check();
        assert!(read("[routes]\narguments = [\"--more={value}\"]").is_ok());
        let why = read("[apps]\narguments = [\"--more\"]").unwrap_err();
        assert!(why.to_string().contains("does not name `{value}`"), "{why}");
        let why = read(
            "[routes]\narguments = [\"{value}\"]\nbuild = [{ command = [\"x\"], makes = [\"a\"] }]",
        )
        .unwrap_err();
        assert!(why.to_string().contains("makes `a`"), "{why}");
    }
}
