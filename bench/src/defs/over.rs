//! How a target is started with a number of routes or apps, for a sweep over them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use super::{Build, Catalogue, Over, Target, Workload};

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

const VALUE: &str = "{value}";

impl Sweeps {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn get(&self, over: Over) -> Option<&Swept> {
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

impl Catalogue {
    /// How many numbered routes a workload needs, or what is in its mix.
    pub fn routes(&self, workload: &Workload) -> Option<usize> {
        let parts = self.parts(workload);
        parts.iter().filter_map(|(part, _)| part.routes).max()
    }
}

impl Target {
    /// The target as it is started for a workload, or a sentence that says why it cannot be.
    pub fn started_for(
        &self,
        workload: &Workload,
        catalogue: &Catalogue,
    ) -> Result<Cow<'_, Self>, String> {
        match catalogue.routes(workload) {
            Some(number) => self
                .with_number(Over::Routes, number, workload)
                .map(Cow::Owned),
            None => Ok(Cow::Borrowed(self)),
        }
    }

    /// The target as it is started with a number of routes or apps, or a sentence that says
    /// why it cannot be.
    pub fn with_number(
        &self,
        over: Over,
        value: usize,
        workload: &Workload,
    ) -> Result<Self, String> {
        let what = over.name();
        let Some(swept) = self.run.over.get(over) else {
            return Err(format!(
                "`{}` cannot be started with a number of {what}: it has no `[run.over.{what}]`",
                self.name
            ));
        };
        if !swept.suites.is_empty() && !swept.suites.contains(&workload.suite) {
            return Err(format!(
                "`{}` can be started with a number of {what} for the suite `{}` alone, and `{}` is of `{}`",
                self.name,
                swept.suites.join("`, `"),
                workload.name,
                workload.suite
            ));
        }
        let filled = |text: &String| text.replace(VALUE, &value.to_string());
        let words = |list: &[String]| list.iter().map(filled).collect::<Vec<_>>();
        let variables = |map: &BTreeMap<String, String>| -> BTreeMap<String, String> {
            map.iter()
                .map(|(name, value)| (name.clone(), filled(value)))
                .collect()
        };
        let mut target = self.clone();
        if let Some(command) = &swept.command {
            target.run.command = words(command);
        }
        target.run.command.extend(words(&swept.arguments));
        target.run.environment.extend(variables(&swept.environment));
        target.build.extend(swept.build.iter().map(|step| Build {
            command: words(&step.command),
            folder: filled(&step.folder),
            environment: variables(&step.environment),
            from: words(&step.from),
            makes: words(&step.makes),
        }));
        Ok(target)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn tree() -> Catalogue {
        Catalogue::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    #[test]
    fn a_number_is_filled_in_and_the_rest_is_kept() {
        let catalogue = tree();
        let hello = &catalogue.workloads["hello"];
        let axum = &catalogue.targets["axum"];
        let many = axum.with_number(Over::Routes, 100, hello).unwrap();
        assert_eq!(many.run.environment["MORE_ROUTES"], "100");
        assert_eq!(many.run.command, axum.run.command);

        let rust = &catalogue.targets["spikard-rust"];
        let many = rust.with_number(Over::Routes, 7, hello).unwrap();
        assert!(many.run.command.starts_with(&rust.run.command));
        assert!(many.run.command.ends_with(&["MORE_ROUTES=7".to_owned()]));

        let quickjs = &catalogue.targets["spikard-quickjs"];
        let many = quickjs.with_number(Over::Routes, 7, hello).unwrap();
        let made = &many.build.last().unwrap().makes[0];
        assert!(made.contains("-7.wasm") && many.run.command.contains(made));
    }

    #[test]
    fn a_variant_keeps_its_arguments_where_the_command_is_another() {
        let catalogue = tree();
        let hello = &catalogue.workloads["hello"];
        let fresh = &catalogue.targets["spikard-rust-fresh"];
        let several = fresh.with_number(Over::Apps, 2, hello).unwrap();
        assert_ne!(several.run.command[0], fresh.run.command[0]);
        assert_eq!(several.run.command.last().unwrap(), "fresh");
    }

    #[test]
    fn who_cannot_says_so() {
        let catalogue = tree();
        let hyper = &catalogue.targets["hyper"];
        let hello = &catalogue.workloads["hello"];
        let why = hyper.with_number(Over::Routes, 1, hello).unwrap_err();
        assert!(
            why.contains("`hyper` cannot be started with a number of routes"),
            "{why}"
        );
        // Its program is another one, without the routes.
        let small = &catalogue.workloads["json-small"];
        let rust = &catalogue.targets["spikard-rust"];
        let why = rust.with_number(Over::Routes, 1, small).unwrap_err();
        assert!(why.contains("the suite `core` alone"), "{why}");
    }

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
