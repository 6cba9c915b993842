//! Crate boundaries: dependencies run `cli -> server -> runtime -> services -> app`, and only
//! one crate depends on each engine.

use std::fs;
use std::path::Path;

/// Returns the dependencies of a host crate, without those of its tests.
fn dependencies(name: &str) -> Vec<String> {
    let host = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(host.join(name).join("Cargo.toml")).expect("a manifest");
    let manifest: toml::Table = text.parse().expect("a readable manifest");
    let table = manifest["dependencies"].as_table().expect("a table");
    table.keys().cloned().collect()
}

#[test]
fn each_engine_is_a_dependency_of_one_crate() {
    let owners = [
        ("wasmtime", "runtime"),
        ("hyper", "server"),
        ("axum", "server"),
        ("rusqlite", "services"),
        ("tokio-postgres", "services"),
    ];
    for name in [
        "app", "contract", "services", "runtime", "server", "cli", "testing",
    ] {
        for dependency in dependencies(name) {
            for (engine, owner) in owners {
                assert!(
                    !dependency.starts_with(engine) || name == owner,
                    "`{name}` names `{dependency}`, which only `{owner}` may"
                );
            }
        }
    }
}

#[test]
fn dependencies_run_one_way() {
    let order = ["app", "services", "runtime", "server", "cli"];
    for (place, name) in order.iter().enumerate() {
        let own = dependencies(name);
        for later in &order[place..] {
            let later = format!("spikard-wasm-{later}");
            assert!(!own.contains(&later), "`{name}` depends on `{later}`");
        }
    }
}

#[test]
fn the_app_crate_has_no_io_dependencies() {
    for dependency in dependencies("app") {
        assert!(
            !dependency.starts_with("tokio"),
            "`app` names `{dependency}`"
        );
    }
}
