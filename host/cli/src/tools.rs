//! Build tools: lookup, version check and installation hints.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// An external tool that a build needs.
pub(crate) struct Tool {
    /// Name of the executable.
    pub(crate) name: &'static str,
    /// Arguments that print the version; empty if the tool cannot.
    pub(crate) version: &'static [&'static str],
    /// Installation hint, as an imperative clause.
    pub(crate) install: &'static str,
}

pub(crate) const CARGO: Tool = Tool {
    name: "cargo",
    version: &["--version"],
    install: "install Rust 1.95 or newer with rustup (https://rustup.rs)",
};
pub(crate) const NODE: Tool = Tool {
    name: "node",
    version: &["--version"],
    install: "install Node.js 20.11 or newer (https://nodejs.org)",
};
pub(crate) const NPM: Tool = Tool {
    name: "npm",
    version: &["--version"],
    install: "install Node.js, which includes npm (https://nodejs.org)",
};
pub(crate) const JS_SDK: Tool = Tool {
    name: "spikard-wasm-js",
    version: &[],
    install: "run `npm ci --prefix guests/js` in a clone of the spikard-wasm repository, then `npm install CLONE/guests/js` in the app's folder",
};
pub(crate) const PYTHON: Tool = Tool {
    name: "python3",
    version: &["--version"],
    install: "install Python 3.11 or newer (https://www.python.org)",
};
pub(crate) const COMPONENTIZE_PY: Tool = Tool {
    name: "componentize-py",
    version: &["--version"],
    install: "run `python3 -m venv .venv && .venv/bin/pip install './guests/python[build]'` in a clone of the spikard-wasm repository, and build with that environment active",
};

impl Tool {
    /// Finds the tool on `PATH`.
    pub(crate) fn on_path(&self) -> Option<PathBuf> {
        let path = env::var_os("PATH")?;
        env::split_paths(&path).find_map(|folder| executable(&folder, self.name))
    }

    /// Finds the tool in one of the folders, otherwise on `PATH`.
    pub(crate) fn find_in(&self, folders: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
        let mut folders = folders.into_iter();
        folders
            .find_map(|folder| executable(&folder, self.name))
            .or_else(|| self.on_path())
    }

    /// The path that was found, or an error that says how to install the tool.
    pub(crate) fn require(&self, found: Option<PathBuf>) -> Result<PathBuf> {
        found.with_context(|| {
            format!(
                "this build needs `{}`, which was not found; {}",
                self.name, self.install
            )
        })
    }

    /// First line of the tool's version output.
    pub(crate) fn version_at(&self, path: &Path) -> Option<String> {
        let output = Command::new(path)
            .args(self.version)
            .stdin(Stdio::null())
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().next()?.trim();
        (!line.is_empty()).then(|| line.to_owned())
    }
}

/// Finds an executable in a folder.
fn executable(folder: &Path, name: &str) -> Option<PathBuf> {
    let extensions: &[&str] = if cfg!(windows) {
        &["exe", "cmd"]
    } else {
        &[""]
    };
    extensions
        .iter()
        .map(|extension| folder.join(name).with_extension(extension))
        .find(|path| path.is_file())
}

/// True if the standard library of a Rust target is installed.
pub(crate) fn has_rust_target(target: &str) -> bool {
    Command::new("rustc")
        .args(["--print", "target-libdir", "--target", target])
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())
        .is_some_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

/// Folders with the executables of a JavaScript app's packages: `node_modules/.bin` of the
/// app, of each folder above it, and of the SDK, which npm links if it was installed from a
/// folder.
pub(crate) fn js_folders(app: &Path) -> Vec<PathBuf> {
    let bin = Path::new("node_modules/.bin");
    let mut folders: Vec<PathBuf> = app.ancestors().map(|folder| folder.join(bin)).collect();
    if let Ok(sdk) = app.join("node_modules/@spikard/wasm").canonicalize() {
        folders.push(sdk.join(bin));
    }
    folders
}

/// The virtual environment of a Python app: `.venv` in the app's folder or the nearest folder
/// above it, otherwise the active environment.
pub(crate) fn python_environment(app: &Path) -> Option<PathBuf> {
    let own = app.ancestors().map(|folder| folder.join(".venv"));
    let active = env::var_os("VIRTUAL_ENV").map(PathBuf::from);
    own.chain(active)
        .find(|folder| folder.join("pyvenv.cfg").is_file())
}

/// Folder with the executables of a virtual environment.
pub(crate) fn environment_bin(environment: &Path) -> PathBuf {
    environment.join(if cfg!(windows) { "Scripts" } else { "bin" })
}
