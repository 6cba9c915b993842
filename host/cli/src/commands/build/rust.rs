//! Builds Rust apps. For `wasm32-wasip2`, cargo itself produces a component; for
//! `wasm32-unknown-unknown` it produces a core module, which this module componentizes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;
use wit_component::ComponentEncoder;

use super::project::{Project, RustTarget};
use crate::tools;

pub(super) fn build(project: &Project, output: &Path) -> Result<()> {
    let cargo = tools::CARGO.require(tools::CARGO.on_path())?;
    let target = project.target.as_str();
    if !tools::has_rust_target(target) {
        bail!("the Rust target `{target}` is not installed; run `rustup target add {target}`");
    }
    let run = Command::new(cargo)
        .args(["build", "--release", "--target", target])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(&project.folder)
        .stderr(Stdio::inherit())
        .output()
        .context("failed to run `cargo`")?;
    if !run.status.success() {
        bail!(
            "`cargo build` failed to build `{}`; see its output above",
            project.folder.display()
        );
    }
    let artifact = find_artifact(&String::from_utf8_lossy(&run.stdout), &project.folder)?;
    match project.target {
        RustTarget::Wasip2 => fs::copy(&artifact, output)
            .map(drop)
            .context("failed to copy the component")?,
        RustTarget::Unknown => {
            let module =
                fs::read(&artifact).context("failed to read the module that cargo built")?;
            let component = ComponentEncoder::default()
                .validate(true)
                .module(&module)
                .and_then(|mut encoder| encoder.encode())
                .map_err(|error| {
                    anyhow!("failed to convert the module to a component: {error:#}")
                })?;
            fs::write(output, component).context("failed to write the component")?;
        }
    }
    Ok(())
}

/// Finds the WebAssembly file of the folder's own package in cargo's messages.
fn find_artifact(messages: &str, folder: &Path) -> Result<PathBuf> {
    let manifest = folder.join("Cargo.toml");
    let built = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact")
        .filter(|message| message["manifest_path"].as_str().map(Path::new) == Some(&manifest))
        .flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default());
    let mut wasm = built
        .filter_map(|name| name.as_str().map(PathBuf::from))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "wasm")
        });
    wasm.next().with_context(|| {
        format!(
            "`{}` builds no WebAssembly library; set `crate-type = [\"cdylib\"]` under `[lib]`",
            manifest.display()
        )
    })
}
