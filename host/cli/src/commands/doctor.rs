//! `doctor`: checks the build tools of each language and prints how to install missing ones.

use std::env;
use std::path::PathBuf;

use anyhow::Result;

use super::build::RUST_TARGET;
use crate::tools::{self, Tool};

pub(crate) fn run() -> Result<()> {
    let here = env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    println!("Rust");
    let cargo = check(&tools::CARGO, Vec::new());
    let target = tools::has_rust_target(RUST_TARGET);
    let install = format!("run `rustup target add {RUST_TARGET}`");
    line(RUST_TARGET, target.then_some("installed"), &install);
    println!("JavaScript and TypeScript");
    let node = check(&tools::NODE, Vec::new());
    let npm = check(&tools::NPM, Vec::new());
    let sdk = check(&tools::JS_SDK, tools::js_folders(&here));
    println!("Python");
    let python = check(&tools::PYTHON, Vec::new());
    let environment = tools::python_environment(&here);
    let bin = environment.as_deref().map(tools::environment_bin);
    let componentize = check(&tools::COMPONENTIZE_PY, bin.into_iter().collect());
    println!();
    verdict("Rust", cargo && target);
    verdict("JavaScript and TypeScript", node && npm && sdk);
    verdict("Python", python && componentize);
    println!(
        "`serve` needs none of these tools, nor does `build` of one JavaScript or TypeScript file."
    );
    Ok(())
}

/// Prints a tool's line and returns true if the tool was found.
fn check(tool: &Tool, folders: Vec<PathBuf>) -> bool {
    let found = tool.find_in(folders);
    let version = found.as_deref().map(|path| {
        let version = if tool.version.is_empty() {
            None
        } else {
            tool.version_at(path)
        };
        version.unwrap_or_else(|| format!("found at {}", path.display()))
    });
    line(tool.name, version.as_deref(), tool.install);
    found.is_some()
}

fn line(name: &str, found: Option<&str>, install: &str) {
    match found {
        Some(version) => println!("  ok       {name:<16} {version}"),
        None => println!("  missing  {name:<16} {install}"),
    }
}

fn verdict(language: &str, ready: bool) {
    let state = if ready {
        "ready to build"
    } else {
        "not ready; install the missing tools above"
    };
    println!("{language}: {state}");
}
