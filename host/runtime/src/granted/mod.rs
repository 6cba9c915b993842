//! Host functions that require a grant: `wasi:config`, `wasi:logging` and `wasi:keyvalue`.
//!
//! The functions are added by hand instead of by generated bindings, so that the drafts of an
//! interface can share their code.

mod config;
pub(crate) mod keyvalue;
pub(crate) mod logging;

use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker};

use crate::state::State;
use crate::world::Interfaces;

/// All drafts of `wasi:config`; they have the same functions.
pub(crate) const CONFIG: [&str; 4] = [
    "wasi:config/store@0.2.0-rc.1",
    "wasi:config/store@0.2.0-draft",
    "wasi:config/store@0.2.0-draft-2024-09-27",
    "wasi:config/runtime@0.2.0-draft",
];

/// Both drafts of `wasi:keyvalue`.
pub(crate) const KEYVALUE: [&str; 6] = [
    "wasi:keyvalue/store@0.2.0-draft",
    "wasi:keyvalue/atomics@0.2.0-draft",
    "wasi:keyvalue/batch@0.2.0-draft",
    "wasi:keyvalue/store@0.2.0-draft2",
    "wasi:keyvalue/atomics@0.2.0-draft2",
    "wasi:keyvalue/batch@0.2.0-draft2",
];

/// `wasi:logging`, with and without a version.
pub(crate) const LOGGING: [&str; 2] = ["wasi:logging/logging", "wasi:logging/logging@0.1.0-draft"];

/// Adds the interfaces that a component imports to a linker.
pub(crate) fn add_to_linker(
    linker: &mut Linker<State>,
    interfaces: &Interfaces,
    component: &Component,
) -> wasmtime::Result<()> {
    let is_imported = |name: &str| interfaces.imports.iter().any(|import| import == name);
    for name in CONFIG.into_iter().filter(|name| is_imported(name)) {
        config::add(&mut linker.instance(name)?)?;
    }
    for name in LOGGING.into_iter().filter(|name| is_imported(name)) {
        logging::add(&mut linker.instance(name)?)?;
    }
    for name in KEYVALUE.into_iter().filter(|name| is_imported(name)) {
        keyvalue::add(linker, name, component)?;
    }
    Ok(())
}

/// Returns true if a component imports functions of an interface, rather than only types.
pub(crate) fn imports_functions(component: &Component, engine: &Engine, name: &str) -> bool {
    let ty = component.component_type();
    let import = ty.imports(engine).find(|(import, _)| *import == name);
    match import.map(|(_, item)| item.ty) {
        Some(ComponentItem::ComponentInstance(instance)) => instance
            .exports(engine)
            .any(|(_, item)| matches!(item.ty, ComponentItem::ComponentFunc(_))),
        Some(_) => true,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns true if the host's interfaces satisfy a component.
    #[track_caller]
    fn links(text: &str) -> bool {
        let bytes = wat::parse_str(text).unwrap();
        let interfaces = Interfaces::read("x", &bytes).unwrap();
        let engine = Engine::default();
        let component = Component::new(&engine, &bytes).unwrap();
        let mut linker = Linker::new(&engine);
        add_to_linker(&mut linker, &interfaces, &component).unwrap();
        linker.instantiate_pre(&component).is_ok()
    }

    #[test]
    fn every_draft_of_the_settings() {
        let with = |name: &str, value: &str| {
            format!(
                r#"(component
                (type (variant (case "upstream" string) (case "io" string)))
                (import "{name}" (instance
                    (type $e (variant (case "upstream" string) (case "io" string)))
                    (export "error" (type $error (eq $e)))
                    (export "get" (func (param "key" string) (result (result (option {value}) (error $error)))))
                    (export "get-all" (func (result (result (list (tuple string string)) (error $error))))))))"#
            )
        };
        for name in CONFIG {
            assert!(links(&with(name, "string")), "{name}");
            assert!(!links(&with(name, "u8")), "{name}");
        }
        assert!(!links(&with("wasi:config/store@0.2.0", "string")));
    }

    #[test]
    fn the_log_with_and_without_a_version() {
        for name in LOGGING {
            assert!(links(&format!(
                r#"(component (import "{name}" (instance
                    (type $l (enum "trace" "debug" "info" "warn" "error" "critical"))
                    (export "level" (type $level (eq $l)))
                    (export "log" (func (param "level" $level) (param "context" string) (param "message" string))))))"#
            )));
        }
    }

    /// The second draft changed its types but kept its version.
    #[test]
    fn batches_of_either_shape() {
        let with = |version: &str, item: &str| {
            format!(
                r#"(component
                (import "wasi:keyvalue/store@{version}" (instance $store
                    (export "bucket" (type (sub resource)))
                    (type $e (variant (case "no-such-store") (case "access-denied") (case "other" string)))
                    (export "error" (type (eq $e)))))
                (alias export $store "bucket" (type $bucket))
                (alias export $store "error" (type $error))
                (import "wasi:keyvalue/batch@{version}" (instance
                    (alias outer 1 $bucket (type $outer))
                    (export "bucket" (type $b (eq $outer)))
                    (alias outer 1 $error (type $failed))
                    (export "error" (type $e (eq $failed)))
                    (type $pair (tuple string {item}))
                    (export "get-many" (func (param "bucket" (borrow $b)) (param "keys" (list string))
                        (result (result (list {list}) (error $e))))))))"#,
                list = if item == "(list u8)" {
                    "(option $pair)"
                } else {
                    "$pair"
                },
            )
        };
        for version in ["0.2.0-draft", "0.2.0-draft2"] {
            assert!(links(&with(version, "(list u8)")), "{version}");
            assert!(links(&with(version, "(option (list u8))")), "{version}");
        }
    }

    #[test]
    fn types_alone_are_not_functions() {
        let bytes = wat::parse_str(
            r#"(component
            (import "types" (instance (type $t u64) (export "t" (type (eq $t)))))
            (import "functions" (instance (export "f" (func))))
            (import "nothing" (instance)))"#,
        )
        .unwrap();
        let engine = Engine::default();
        let component = Component::new(&engine, &bytes).unwrap();
        let is_used = |name| imports_functions(&component, &engine, name);
        assert!(is_used("functions"));
        assert!(!is_used("types") && !is_used("nothing") && !is_used("not there"));
    }
}
