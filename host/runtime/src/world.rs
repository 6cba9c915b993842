//! Imports and exports of a component, read from its bytes.
//!
//! Compiling takes seconds, so the host rejects unsupported components before it compiles them.

use wasmparser::{ComponentExternName, Parser, Payload};

use crate::error::LoadError;
use crate::names::{DEFINITION, HANDLER, HOOKS, IO, RESUMABLE, WORLD};

/// Exported interfaces of `wasi:http` 0.2 and 0.3 apps, with the prefix of their version.
const INCOMING: (&str, &str) = ("wasi:http/incoming-handler", "0.2.");
const SERVICE: (&str, &str) = ("wasi:http/handler", "0.3.");

/// Interface that an app implements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The handler interface of spikard-wasm.
    Handler,
    /// `wasi:http` 0.2, world `proxy`.
    Proxy,
    /// `wasi:http` 0.3, world `service`.
    Service,
}

impl Kind {
    /// Returns the name of the app's world.
    #[must_use]
    pub fn world(self) -> &'static str {
        match self {
            Self::Handler => WORLD,
            Self::Proxy => "wasi:http/proxy@0.2",
            Self::Service => "wasi:http/service@0.3",
        }
    }
}

/// The names of a component's imports and exports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interfaces {
    /// Imported interfaces, in the component's order.
    pub imports: Vec<String>,
    /// Exported interfaces, in the component's order.
    pub exports: Vec<String>,
}

impl Interfaces {
    /// Reads the outermost imports and exports of a component. `name` identifies it in errors.
    ///
    /// # Errors
    /// The bytes are not a component.
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

    /// Returns the interface that the component implements; [`Kind::Handler`] if it exports
    /// several. `None` if it implements none.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        let has = |wanted| self.exports.iter().any(|export| compatible(export, wanted));
        match () {
            () if has(DEFINITION) && has(HANDLER) => Some(Kind::Handler),
            () if self.export_of(INCOMING).is_some() => Some(Kind::Proxy),
            () if self.export_of(SERVICE).is_some() => Some(Kind::Service),
            () => None,
        }
    }

    /// Returns the exported interface of a `wasi:http` app, with its patch version.
    pub(crate) fn http_export(&self) -> Option<&str> {
        let found = self.export_of(INCOMING);
        found.or_else(|| self.export_of(SERVICE))
    }

    fn export_of(&self, (interface, version): (&str, &str)) -> Option<&str> {
        let mut exports = self.exports.iter();
        let found = exports.find(|export| has_version(export, interface, version));
        found.map(String::as_str)
    }

    /// Returns true if the component needs an engine with component-model async.
    pub(crate) fn is_concurrent(&self) -> bool {
        let all = self.imports.iter().chain(&self.exports);
        let mut wasi = all.filter(|name| name.starts_with("wasi:"));
        wasi.any(|name| {
            name.split_once('@')
                .is_some_and(|(_, v)| v.starts_with("0.3."))
        })
    }

    /// Returns true if the component imports WASI in a version with this prefix, such as `0.2.`.
    pub(crate) fn imports_wasi(&self, version: &str) -> bool {
        self.imports_of("wasi:", version)
    }

    /// Returns true if the component imports `wasi:http` in a version with this prefix.
    pub(crate) fn imports_http(&self, version: &str) -> bool {
        self.imports_of("wasi:http/", version)
    }

    fn imports_of(&self, prefix: &str, version: &str) -> bool {
        let mut imports = self.imports.iter();
        imports.any(|name| {
            let found = name
                .strip_prefix(prefix)
                .and_then(|rest| rest.split_once('@'));
            found.is_some_and(|(_, found)| found.starts_with(version))
        })
    }

    /// Checks that the component exports a supported world.
    pub(crate) fn check_exports(&self, name: &str) -> Result<(), LoadError> {
        if self.kind().is_some() {
            return Ok(());
        }
        let missing: Vec<&str> = [DEFINITION, HANDLER]
            .into_iter()
            .filter(|wanted| !self.exports.iter().any(|export| compatible(export, wanted)))
            .collect();
        let exports: Vec<&str> = self.exports.iter().map(String::as_str).collect();
        let is_wasi_http = exports.iter().any(|name| name.starts_with("wasi:http/"));
        Err(LoadError::WrongWorld {
            name: name.to_owned(),
            missing: list(&missing, " or "),
            exports: list(&exports, " and "),
            hint: if is_wasi_http {
                "; `wasi:http` apps must export `incoming-handler` 0.2 or `handler` 0.3"
            } else {
                ""
            },
        })
    }

    /// Returns true if the component exports hooks.
    #[must_use]
    pub fn exports_hooks(&self) -> bool {
        self.exports.iter().any(|export| compatible(export, HOOKS))
    }

    /// Returns true if the component imports operations.
    pub(crate) fn imports_operations(&self) -> bool {
        self.imports.iter().any(|import| compatible(import, IO))
    }

    /// Returns true if the component can wait for operations.
    #[must_use]
    pub fn exports_resumable(&self) -> bool {
        let mut exports = self.exports.iter();
        exports.any(|export| compatible(export, RESUMABLE))
    }
}

/// Returns true if a name is this interface in a version with this prefix.
fn has_version(name: &str, interface: &str, version: &str) -> bool {
    let found = name
        .strip_prefix(interface)
        .and_then(|rest| rest.strip_prefix('@'));
    found.is_some_and(|found| found.starts_with(version))
}

/// Returns true if an export satisfies a wanted interface: the names are equal apart from the
/// patch version, because 0.1.x is compatible with 0.1.0 (Semantic Versioning, with the
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
    fn errors_name_missing_exports() {
        let exports = vec![
            "wasi:http/incoming-handler@0.1.0".to_owned(),
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
            "`x.wasm` does not export `spikard:handler/handler@0.1.0` (it exports \
             `wasi:http/incoming-handler@0.1.0` and `spikard:handler/definition@0.1.0`); build it \
             with `spikard-wasm build`, or against the world `spikard:handler/http-app@0.1.0` \
             (`spikard-wasm wit -o wit` writes it); `wasi:http` apps must export \
             `incoming-handler` 0.2 or `handler` 0.3"
        );
    }

    #[test]
    fn exports_determine_the_kind() {
        let of = |exports: &[&str]| {
            let exports = exports.iter().map(|name| (*name).to_owned()).collect();
            Interfaces {
                imports: vec![],
                exports,
            }
        };
        let incoming = "wasi:http/incoming-handler@0.2.12";
        let kind = |exports: &[&str]| of(exports).kind();
        assert_eq!(kind(&[incoming]), Some(Kind::Proxy));
        assert_eq!(kind(&["wasi:http/handler@0.3.0"]), Some(Kind::Service));
        assert_eq!(kind(&[incoming, DEFINITION, HANDLER]), Some(Kind::Handler));
        assert_eq!(kind(&[incoming, DEFINITION]), Some(Kind::Proxy));
        assert_eq!(
            kind(&["wasi:http/handler@0.2.0", "wasi:http/types@0.2.0"]),
            None
        );
        assert_eq!(of(&[HANDLER, incoming]).http_export(), Some(incoming));
        assert!(!of(&[incoming]).is_concurrent());
        assert!(of(&["wasi:http/handler@0.3.0-rc-2026-03-15"]).is_concurrent());
    }

    #[test]
    fn patch_versions_are_compatible() {
        assert!(compatible("a:b/c@0.1.7", "a:b/c@0.1.0"));
        assert!(!compatible("a:b/c@0.2.0", "a:b/c@0.1.0"));
        assert!(!compatible("a:b/d@0.1.0", "a:b/c@0.1.0"));
        assert!(!compatible("x", "a:b/c@0.1.0"));
    }

    #[test]
    fn other_files_are_rejected() {
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
