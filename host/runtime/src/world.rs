//! What a component exports and imports, read from its bytes before a second is
//! spent on compiling it.

use wasmparser::{ComponentExternName, Parser, Payload};

use crate::error::LoadError;

/// The world of an app.
pub const WORLD: &str = "spikard:handler/http-app@0.1.0";
/// The same with hooks.
pub const WORLD_WITH_HOOKS: &str = "spikard:handler/http-app-with-hooks@0.1.0";
/// The exported interface that describes an app.
pub(crate) const DEFINITION: &str = "spikard:handler/definition@0.1.0";
/// The exported interface that answers requests.
pub(crate) const HANDLER: &str = "spikard:handler/handler@0.1.0";
/// The exported interface of hooks, which an app may have.
pub(crate) const HOOKS: &str = "spikard:handler/hooks@0.1.0";
/// The imported interface of the request in progress.
pub(crate) const REQUEST: &str = "spikard:handler/request@0.1.0";
/// The imported interface for reporting failures.
pub(crate) const FAILURE: &str = "spikard:handler/failure@0.1.0";

/// The imported interface of the reply in progress.
pub(crate) const REPLY: &str = "spikard:handler/reply@0.1.0";
/// The imported interface of a request's own values.
pub(crate) const LOCAL: &str = "spikard:handler/local-context@0.1.0";
/// The imported interface of an app's values.
pub(crate) const GLOBAL: &str = "spikard:handler/global-context@0.1.0";

/// The names of a component's imports and exports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interfaces {
    /// What it needs, in its order.
    pub imports: Vec<String>,
    /// What it offers, in its order.
    pub exports: Vec<String>,
}

impl Interfaces {
    /// Reads the outermost imports and exports of a component. `name` stands for
    /// it in errors.
    ///
    /// # Errors
    /// Says what the bytes are, when they are not a component.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, LoadError> {
        let name = || name.to_owned();
        if bytes.starts_with(b"\x7fELF") {
            return Err(LoadError::Precompiled(name()));
        }
        if !bytes.starts_with(b"\0asm") {
            return Err(LoadError::NotWasm(name()));
        }
        if Parser::is_core_wasm(bytes) {
            return Err(LoadError::CoreModule(name()));
        }
        let invalid = |error: wasmparser::BinaryReaderError| {
            LoadError::Invalid(name(), error.message().to_owned())
        };
        let mut interfaces = Self::default();
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.map_err(invalid)? {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        let ComponentExternName { name, .. } = import.map_err(invalid)?.name;
                        interfaces.imports.push(name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        let ComponentExternName { name, .. } = export.map_err(invalid)?.name;
                        interfaces.exports.push(name.to_owned());
                    }
                }
                _ => {}
            }
        }
        Ok(interfaces)
    }

    /// Checks that the world's exports are there.
    pub(crate) fn check_exports(&self, name: &str) -> Result<(), LoadError> {
        let missing: Vec<&str> = [DEFINITION, HANDLER]
            .into_iter()
            .filter(|wanted| !self.exports.iter().any(|export| compatible(export, wanted)))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let exports: Vec<&str> = self.exports.iter().map(String::as_str).collect();
        let is_wasi_http = exports.iter().any(|name| name.starts_with("wasi:http/"));
        Err(LoadError::WrongWorld {
            name: name.to_owned(),
            missing: list(&missing, " or "),
            exports: list(&exports, " and "),
            hint: if is_wasi_http {
                ". It is a `wasi:http` component, which this version of the host does not serve yet"
            } else {
                ""
            },
        })
    }

    /// Whether it has hooks.
    #[must_use]
    pub fn exports_hooks(&self) -> bool {
        self.exports.iter().any(|export| compatible(export, HOOKS))
    }

    /// Whether it needs anything of WASI.
    pub(crate) fn imports_wasi(&self) -> bool {
        self.imports.iter().any(|name| name.starts_with("wasi:"))
    }
}

/// Whether an export satisfies a wanted interface: equal but for the patch
/// version, as 0.1.x stays compatible with 0.1.0 (Semantic Versioning, with the
/// component model's rule for 0.x).
fn compatible(export: &str, wanted: &str) -> bool {
    let minor = |name: &str| -> Option<String> {
        let (interface, version) = name.split_once('@')?;
        let (minor, _) = version.rsplit_once('.')?;
        Some(format!("{interface}@{minor}"))
    };
    export == wanted || (minor(export).is_some() && minor(export) == minor(wanted))
}

fn list(names: &[&str], last: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => only.clone(),
        Some((end, rest)) => format!("{}{last}{end}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(text: &str) -> Vec<u8> {
        wat::parse_str(text).unwrap()
    }

    #[test]
    fn reads_the_outermost_names() {
        let bytes = component(
            r#"(component
                (import "a:b/c@0.1.0" (instance))
                (component $inner (import "hidden" (instance)) (export "x" (instance 0)))
                (core module (func (export "y")))
                (export "d:e/f@0.1.2" (instance 0)))"#,
        );
        let read = Interfaces::read("x.wasm", &bytes).unwrap();
        assert_eq!(read.imports, ["a:b/c@0.1.0"]);
        assert_eq!(read.exports, ["d:e/f@0.1.2"]);
    }

    #[test]
    fn says_what_is_missing() {
        let exports = vec![
            "wasi:http/incoming-handler@0.2.3".to_owned(),
            DEFINITION.to_owned(),
        ];
        let error = Interfaces {
            imports: vec![],
            exports,
        }
        .check_exports("x.wasm")
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "`x.wasm` does not export `spikard:handler/handler@0.1.0`; it exports \
             `wasi:http/incoming-handler@0.2.3` and `spikard:handler/definition@0.1.0`: build it \
             against the world `spikard:handler/http-app@0.1.0` (`spikard-wasm wit -o wit` writes it; \
             `spikard-wasm build` does it all). It is a `wasi:http` component, which this version of \
             the host does not serve yet"
        );
    }

    #[test]
    fn patch_versions_are_compatible() {
        assert!(compatible("a:b/c@0.1.7", "a:b/c@0.1.0"));
        assert!(!compatible("a:b/c@0.2.0", "a:b/c@0.1.0"));
        assert!(!compatible("a:b/d@0.1.0", "a:b/c@0.1.0"));
        assert!(!compatible("x", "a:b/c@0.1.0"));
    }

    #[test]
    fn says_what_is_not_a_component() {
        let error = |bytes: &[u8]| Interfaces::read("x", bytes).unwrap_err();
        assert!(matches!(error(b""), LoadError::NotWasm(_)));
        assert!(matches!(error(b"#!/bin/sh"), LoadError::NotWasm(_)));
        assert!(matches!(error(b"\x7fELF\x02"), LoadError::Precompiled(_)));
        assert!(matches!(
            error(&wat::parse_str("(module)").unwrap()),
            LoadError::CoreModule(_)
        ));
        let mut broken = component("(component)");
        broken.extend_from_slice(b"\xff\xff");
        assert!(matches!(error(&broken), LoadError::Invalid(..)));
    }
}
