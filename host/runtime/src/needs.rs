//! Imports that the host provides, and the grants that they need.

use spikard_wasm_app::Grants;

use crate::error::LoadError;
use crate::granted::{CONFIG, KEYVALUE, LOGGING};
use crate::world::{Interfaces, Kind};

/// A grant that an import needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Clocks and timers.
    Clocks,
    /// Random bytes.
    Random,
    /// Log events through `wasi:logging`.
    Logging,
    /// Settings through `wasi:config`.
    Config,
    /// Key-value stores.
    KeyValue,
    /// Outgoing requests.
    Outgoing,
}

impl Need {
    /// Returns the grant's key in `[grants]`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clocks => "clocks",
            Self::Random => "random",
            Self::Logging => "logging",
            Self::Config => "config",
            Self::KeyValue => "keyvalue",
            Self::Outgoing => "outgoing",
        }
    }

    /// Returns an example line for `[grants]`.
    #[must_use]
    pub fn line(self) -> &'static str {
        match self {
            Self::Clocks => "clocks = true",
            Self::Random => "random = true",
            Self::Logging => "logging = true",
            Self::Config => "config = {}",
            Self::KeyValue => "keyvalue = { default = \"kv.redb\" }",
            Self::Outgoing => "outgoing = { allow = [\"https://api.example.com\"] }",
        }
    }

    /// Returns true if the grants include this one.
    #[must_use]
    pub fn is_granted(self, grants: &Grants) -> bool {
        match self {
            Self::Clocks => grants.clocks,
            Self::Random => grants.random,
            Self::Logging => grants.logging,
            Self::Config => grants.config.is_some(),
            Self::KeyValue => !grants.keyvalue.is_empty(),
            Self::Outgoing => !grants.outgoing.is_empty(),
        }
    }
}

/// Availability of an interface.
enum Availability {
    Unknown,
    Always,
    Granted(Need),
}

/// Returns the availability of an import. `spikard:handler` and the interfaces that language
/// runtimes need to start are always available. That includes environment and file system: they
/// are empty without a grant.
fn availability(import: &str) -> Availability {
    for (names, need) in [
        (&CONFIG[..], Need::Config),
        (&KEYVALUE, Need::KeyValue),
        (&LOGGING, Need::Logging),
    ] {
        if names.contains(&import) {
            return Availability::Granted(need);
        }
    }
    let Some((path, version)) = import.split_once('@') else {
        return Availability::Unknown;
    };
    let (package, interface) = path.split_once('/').unwrap_or((path, ""));
    let is = |minor: &str| version.starts_with(minor) && !interface.is_empty();
    let is_wasi = is("0.2.") || is("0.3.");
    match package {
        "spikard:handler" if is("0.1.") => Availability::Always,
        "wasi:io" if is("0.2.") => Availability::Always,
        "wasi:cli" | "wasi:filesystem" | "wasi:sockets" if is_wasi => Availability::Always,
        "wasi:clocks" if is_wasi => Availability::Granted(Need::Clocks),
        "wasi:random" if is_wasi => Availability::Granted(Need::Random),
        "wasi:http" if is_wasi => match interface {
            "outgoing-handler" if is("0.2.") => Availability::Granted(Need::Outgoing),
            "client" if is("0.3.") => Availability::Granted(Need::Outgoing),
            "types" => Availability::Always,
            _ => Availability::Unknown,
        },
        _ => Availability::Unknown,
    }
}

/// Returns true if other interfaces import types from this one: then a component may import
/// only types, which need no grant.
pub(crate) fn may_have_only_types(import: &str) -> bool {
    import.starts_with("wasi:clocks/")
}

impl Interfaces {
    /// Returns the grants that the imports need, each with the first import that needs it.
    #[must_use]
    pub fn needs(&self) -> Vec<(Need, &str)> {
        let mut needs: Vec<(Need, &str)> = Vec::new();
        for import in &self.imports {
            if let Availability::Granted(need) = availability(import)
                && !needs.iter().any(|(known, _)| *known == need)
            {
                needs.push((need, import));
            }
        }
        needs
    }

    /// Checks that the host provides every import.
    pub(crate) fn check_imports(&self, name: &str) -> Result<(), LoadError> {
        let mut imports = self.imports.iter();
        match imports.find(|import| matches!(availability(import), Availability::Unknown)) {
            None => Ok(()),
            Some(import) => Err(LoadError::UnknownImport {
                name: name.to_owned(),
                import: import.clone(),
                hint: "build the app without it",
            }),
        }
    }

    /// Checks that the imports are granted. `is_used` returns true if a component imports
    /// functions of an interface; types alone need no grant.
    pub(crate) fn check_grants(
        &self,
        name: &str,
        grants: &Grants,
        is_used: impl Fn(&str) -> bool,
    ) -> Result<(), LoadError> {
        for import in &self.imports {
            let Availability::Granted(need) = availability(import) else {
                continue;
            };
            // Every `wasi:http` component imports the interface for outgoing requests, even if
            // it sends none. Without the grant the host denies its requests instead.
            let is_refused_later = need == Need::Outgoing && self.is_wasi_http();
            if !need.is_granted(grants) && !is_refused_later && is_used(import) {
                return Err(LoadError::NotGranted {
                    name: name.to_owned(),
                    import: import.clone(),
                    line: need.line(),
                });
            }
        }
        Ok(())
    }

    /// Returns true for a `wasi:http` component.
    fn is_wasi_http(&self) -> bool {
        matches!(self.kind(), Some(Kind::Proxy | Kind::Service))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use spikard_wasm_app::grants::{OutgoingPattern, Store};

    use super::*;

    fn of(imports: &[&str], exports: &[&str]) -> Interfaces {
        let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Interfaces {
            imports: all(imports),
            exports: all(exports),
        }
    }

    fn check(import: &str, grants: &Grants) -> Result<(), LoadError> {
        of(&["wasi:cli/stdout@0.2.6", import], &[]).check_grants("x.wasm", grants, |_| true)
    }

    #[test]
    fn unknown_imports_are_rejected() {
        let check = |import| of(&["wasi:cli/stdout@0.2.6", import], &[]).check_imports("x.wasm");
        let known = CONFIG.iter().chain(&KEYVALUE).chain(&LOGGING);
        for known in known.chain(&[
            "spikard:handler/types@0.1.3",
            "wasi:io/streams@0.2.12",
            "wasi:http/types@0.2.10",
            "wasi:http/client@0.3.0",
            "wasi:cli/stdout@0.3.0",
        ]) {
            assert!(check(known).is_ok(), "{known}");
        }
        for unknown in [
            "wasi:io/streams@0.3.0",
            "wasi:http/handler@0.3.0",
            "wasi:http/client@0.2.0",
            "wasi:clipboard/x@0.2.0",
            "wasi:keyvalue/watcher@0.2.0-draft2",
            "wasi:keyvalue/store@0.3.0",
            "wasi:config/store@0.2.0",
            "wasi:cli@0.2.0",
            "spikard:handler/x",
            "x",
        ] {
            assert!(check(unknown).is_err(), "{unknown}");
        }
    }

    #[test]
    fn imports_need_their_grant() {
        let nothing = Grants {
            clocks: false,
            random: false,
            logging: false,
            ..Grants::default()
        };
        let all = Grants {
            config: Some(BTreeMap::new()),
            keyvalue: [("default".to_owned(), Store::File("kv.redb".into()))].into(),
            outgoing: spikard_wasm_app::grants::OutgoingRules {
                allow: vec![OutgoingPattern::App("other".into())],
                ..Default::default()
            },
            ..Grants::default()
        };
        for (import, line) in [
            ("wasi:clocks/monotonic-clock@0.2.6", "clocks = true"),
            ("wasi:random/insecure-seed@0.2.6", "random = true"),
            ("wasi:logging/logging", "logging = true"),
            ("wasi:config/store@0.2.0-rc.1", "config = {}"),
            (
                "wasi:keyvalue/batch@0.2.0-draft2",
                "keyvalue = { default = \"kv.redb\" }",
            ),
            (
                "wasi:http/outgoing-handler@0.2.6",
                "outgoing = { allow = [\"https://api.example.com\"] }",
            ),
        ] {
            let error = check(import, &nothing).unwrap_err().to_string();
            assert_eq!(
                error,
                format!(
                    "`x.wasm` imports `{import}`, which is not granted; add `{line}` to its `[grants]` in spikard.toml"
                )
            );
            assert!(check(import, &all).is_ok(), "{import}");
            // Types alone need no grant.
            let types = of(&[import], &[]).check_grants("x.wasm", &nothing, |_| false);
            assert!(types.is_ok(), "{import}");
        }
        for free in ["wasi:cli/environment@0.2.6", "wasi:http/types@0.2.6"] {
            assert!(check(free, &nothing).is_ok(), "{free}");
        }
    }

    #[test]
    fn wasi_http_components_load_without_the_outgoing_grant() {
        let outgoing = "wasi:http/outgoing-handler@0.2.6";
        for (exports, is_ok) in [
            (&["wasi:http/incoming-handler@0.2.6"][..], true),
            (&["wasi:http/handler@0.3.0"], true),
            (
                &[
                    "wasi:http/incoming-handler@0.2.6",
                    "spikard:handler/definition@0.1.0",
                    "spikard:handler/handler@0.1.0",
                ],
                false,
            ),
        ] {
            let checked = of(&[outgoing], exports).check_grants("x", &Grants::default(), |_| true);
            assert_eq!(checked.is_ok(), is_ok, "{exports:?}");
        }
    }

    #[test]
    fn needs_are_listed_once() {
        let imports = [
            "wasi:keyvalue/store@0.2.0-draft",
            "wasi:io/poll@0.2.6",
            "wasi:keyvalue/batch@0.2.0-draft",
            "wasi:clocks/wall-clock@0.2.6",
        ];
        assert_eq!(
            of(&imports, &[]).needs(),
            [(Need::KeyValue, imports[0]), (Need::Clocks, imports[3])]
        );
    }
}
