//! A target with the overrides for a workload, or for a number of routes or apps.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::build::Build;
use super::catalogue::Catalogue;
use super::load::Over;
use super::over::VALUE;
use super::target::Target;
use super::workload::Workload;

impl Catalogue {
    /// Returns the number of numbered routes that a workload or a part of its mix requires.
    pub fn routes(&self, workload: &Workload) -> Option<usize> {
        let parts = self.parts(workload);
        parts.iter().filter_map(|(part, _)| part.routes).max()
    }
}

impl Target {
    /// Returns the target to start for a workload, or the reason why it does not support it.
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

    /// Returns the target to start with a number of routes or apps, or the reason why it does not
    /// support one.
    pub fn with_number(
        &self,
        over: Over,
        value: usize,
        workload: &Workload,
    ) -> Result<Self, String> {
        let what = over.name();
        let Some(swept) = self.run.over.get(over) else {
            return Err(format!(
                "`{}` does not support a sweep over {what}: it has no `[run.over.{what}]`",
                self.name
            ));
        };
        if !swept.suites.is_empty() && !swept.suites.contains(&workload.suite) {
            return Err(format!(
                "`{}` supports a sweep over {what} only for the suite `{}`, but `{}` belongs to `{}`",
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
    fn the_value_is_filled_in_and_other_settings_are_unchanged() {
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
    fn a_variant_keeps_its_arguments_if_the_command_is_replaced() {
        let catalogue = tree();
        let hello = &catalogue.workloads["hello"];
        let fresh = &catalogue.targets["spikard-rust-fresh"];
        let several = fresh.with_number(Over::Apps, 2, hello).unwrap();
        assert_ne!(several.run.command[0], fresh.run.command[0]);
        assert_eq!(several.run.command.last().unwrap(), "fresh");
    }

    #[test]
    fn an_unsupported_sweep_is_reported() {
        let catalogue = tree();
        let hyper = &catalogue.targets["hyper"];
        let hello = &catalogue.workloads["hello"];
        let why = hyper.with_number(Over::Routes, 1, hello).unwrap_err();
        assert!(
            why.contains("`hyper` does not support a sweep over routes"),
            "{why}"
        );
        // Its program for this suite does not have the routes.
        let small = &catalogue.workloads["json-small"];
        let rust = &catalogue.targets["spikard-rust"];
        let why = rust.with_number(Over::Routes, 1, small).unwrap_err();
        assert!(why.contains("only for the suite `core`"), "{why}");
    }
}
