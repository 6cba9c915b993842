//! A target as it is started for a workload, or with a number of routes or apps.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::build::Build;
use super::catalogue::Catalogue;
use super::load::Over;
use super::over::VALUE;
use super::target::Target;
use super::workload::Workload;

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
}
