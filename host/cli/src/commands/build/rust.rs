//! Rust: cargo makes a component for `wasm32-wasip2` by itself; the core module
//! that `wasm32-unknown-unknown` gives is made a component here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;
use wit_component::ComponentEncoder;

use super::need;
use super::project::{Project, RustTarget};
use crate::tools;

pub(super) fn build(project: &Project, output: &Path) -> Result<()> {
    let cargo = need(&tools::CARGO, tools::CARGO.on_path())?;
    let target = project.target.as_str();
    if !tools::has_rust_target(target) {
        bail!("the Rust target `{target}` is not installed: run `rustup target add {target}`");
    }
    let run = Command::new(cargo)
        .args(["build", "--release", "--target", target])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(&project.folder)
        .stderr(Stdio::inherit())
        .output()
        .context("`cargo` cannot be run")?;
    if !run.status.success() {
        bail!(
            "`cargo build` could not build `{}`; what it says is above",
            project.folder.display()
        );
    }
    let artefact = artefact(&String::from_utf8_lossy(&run.stdout), &project.folder)?;
    match project.target {
        RustTarget::Wasip2 => fs::copy(&artefact, output)
            .map(drop)
            .context("cannot copy the component")?,
        RustTarget::Unknown => {
            let module = fs::read(&artefact).context("cannot read the module that cargo built")?;
            let component = ComponentEncoder::default()
                .validate(true)
                .module(&module)
                .and_then(|mut encoder| encoder.encode())
                .map_err(|error| anyhow!("the module cannot be made a component: {error:#}"))?;
            fs::write(output, component).context("cannot write the component")?;
        }
    }
    Ok(())
}

/// The WebAssembly file among what cargo says it built for the folder's own package.
fn artefact(messages: &str, folder: &Path) -> Result<PathBuf> {
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
            "`{}` builds no WebAssembly library: it needs `crate-type = [\"cdylib\"]` under `[lib]`",
            manifest.display()
        )
    })
}
