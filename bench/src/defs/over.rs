//! The tables of a target that say how it starts with a number of routes or apps.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use super::build::Build;
use super::load::Over;

/// What a target can be started with a number of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sweeps {
    /// Numbered routes beside its others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routes: Option<Swept>,
    /// Apps in one process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apps: Option<Swept>,
}

/// What is otherwise than without a number; `{value}` stands for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Swept {
    /// The suites whose programs can be started so; all where none is named.
    #[serde(default)]
    pub suites: Vec<String>,
    /// The command, instead of the target's own.
    #[serde(default)]
    pub command: Option<Vec<String>>,
    /// What is added to the command.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Variables that are added.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Steps that make what it needs, after those of the target.
    #[serde(default)]
    pub build: Vec<Build>,
}

pub(super) const VALUE: &str = "{value}";

impl Sweeps {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn get(&self, over: Over) -> Option<&Swept> {
        match over {
            Over::Routes => self.routes.as_ref(),
            Over::Apps => self.apps.as_ref(),
            Over::Connections | Over::Workers => None,
        }
    }

    /// All that there are.
    pub(super) fn all(&self) -> impl Iterator<Item = &Swept> {
        self.routes.iter().chain(&self.apps)
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Swept> {
        self.routes.iter_mut().chain(&mut self.apps)
    }

    /// Whether the number is used, as otherwise all points of a sweep were the same.
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
                    "its `[run.over.{name}]` does not name `{{value}}`, so that each number would start the same server: name it in `command`, `arguments` or `environment`"
                );
            }
            let fixed = |made: &&String| !made.contains(VALUE);
            if let Some(made) = swept.build.iter().flat_map(|step| &step.makes).find(fixed) {
                bail!(
                    "a build step of its `[run.over.{name}]` makes `{made}` for every number: name `{{value}}` in it"
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
    fn the_number_must_be_used() {
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
