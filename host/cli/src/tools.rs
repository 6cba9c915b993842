//! The toolchains that building needs: where they are looked for, how they are
//! asked for their version, and how what is missing is installed.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A tool that may be missing.
pub(crate) struct Tool {
    /// Its command.
    pub(crate) name: &'static str,
    /// What makes it print its version.
    pub(crate) version: &'static [&'static str],
    /// The command that installs it.
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
    install: "it comes with Node.js (https://nodejs.org)",
};
pub(crate) const JS_SDK: Tool = Tool {
    name: "spikard-wasm-js",
    version: &[],
    install: "run `npm install` in the app's folder, whose package.json depends on `@spikard/wasm`",
};
pub(crate) const PYTHON: Tool = Tool {
    name: "python3",
    version: &["--version"],
    install: "install Python 3.11 or newer (https://www.python.org)",
};
pub(crate) const COMPONENTIZE_PY: Tool = Tool {
    name: "componentize-py",
    version: &["--version"],
    install: "run `python3 -m venv .venv && .venv/bin/pip install componentize-py==0.25.1` in the app's folder",
};

impl Tool {
    /// Finds it on the path.
    pub(crate) fn on_path(&self) -> Option<PathBuf> {
        let path = env::var_os("PATH")?;
        env::split_paths(&path).find_map(|folder| executable(&folder, self.name))
    }

    /// Finds it in one of some folders, or else on the path.
    pub(crate) fn find_in(&self, folders: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
        let mut folders = folders.into_iter();
        folders
            .find_map(|folder| executable(&folder, self.name))
            .or_else(|| self.on_path())
    }

    /// The first line it prints of its version.
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

/// A command of that name in a folder.
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

/// Whether a Rust target's standard library is installed.
pub(crate) fn has_rust_target(target: &str) -> bool {
    Command::new("rustc")
        .args(["--print", "target-libdir", "--target", target])
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())
        .is_some_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

/// Where a JavaScript app's commands are: its own packages', those of the folders
/// above, and those of the SDK itself, which npm links to where it was installed
/// from a folder.
pub(crate) fn js_folders(app: &Path) -> Vec<PathBuf> {
    let bin = Path::new("node_modules/.bin");
    let mut folders: Vec<PathBuf> = app.ancestors().map(|folder| folder.join(bin)).collect();
    if let Ok(sdk) = app.join("node_modules/@spikard/wasm").canonicalize() {
        folders.push(sdk.join(bin));
    }
    folders
}

/// The virtual environment of a Python app: its own, one of the folders above, or
/// the one that is active.
pub(crate) fn python_environment(app: &Path) -> Option<PathBuf> {
    let own = app.ancestors().map(|folder| folder.join(".venv"));
    let active = env::var_os("VIRTUAL_ENV").map(PathBuf::from);
    own.chain(active)
        .find(|folder| folder.join("pyvenv.cfg").is_file())
}

/// Where the commands of a virtual environment are.
pub(crate) fn environment_bin(environment: &Path) -> PathBuf {
    environment.join(if cfg!(windows) { "Scripts" } else { "bin" })
}
