//! Detects the language and build settings of an app's folder: from `[build]` of its
//! `spikard.toml`, otherwise from the manifest of its language.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::args::Engine;

/// Default Rust target, for which cargo produces a component.
pub(crate) const RUST_TARGET: &str = "wasm32-wasip2";

/// Language of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Language {
    Rust,
    Javascript,
    Python,
}

impl Language {
    const ALL: [Self; 3] = [Self::Rust, Self::Javascript, Self::Python];

    fn manifest(self) -> &'static str {
        match self {
            Self::Rust => "Cargo.toml",
            Self::Javascript => "package.json",
            Self::Python => "pyproject.toml",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rust => "Rust",
            Self::Javascript => "JavaScript",
            Self::Python => "Python",
        })
    }
}

/// `spikard.toml` for `build`. `config::file` parses the other tables, for `serve`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    #[serde(default)]
    build: Build,
    #[serde(rename = "app")]
    _app: Option<IgnoredAny>,
    #[serde(rename = "grants")]
    _grants: Option<IgnoredAny>,
    #[serde(rename = "serve")]
    _serve: Option<IgnoredAny>,
    #[serde(rename = "instances")]
    _instances: Option<IgnoredAny>,
    #[serde(rename = "limits")]
    _limits: Option<IgnoredAny>,
    #[serde(rename = "routes")]
    _routes: Option<IgnoredAny>,
}

/// The table `[build]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Build {
    language: Option<Language>,
    entry: Option<String>,
    engine: Option<Engine>,
    target: Option<RustTarget>,
}

/// Rust target of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum RustTarget {
    /// Imports WASI: clocks, randomness, standard output.
    #[serde(rename = "wasm32-wasip2")]
    Wasip2,
    /// Imports only the handler interface.
    #[serde(rename = "wasm32-unknown-unknown")]
    Unknown,
}

impl RustTarget {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Wasip2 => RUST_TARGET,
            Self::Unknown => "wasm32-unknown-unknown",
        }
    }
}

/// An app's folder with its build settings.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) folder: PathBuf,
    pub(crate) language: Language,
    pub(crate) entry: Option<String>,
    pub(crate) engine: Option<Engine>,
    pub(crate) target: RustTarget,
}

impl Project {
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let shown = folder.display();
        let absolute = match folder.canonicalize() {
            Ok(absolute) => absolute,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                bail!("folder `{shown}` not found; pass the folder of an app")
            }
            Err(error) => return Err(error).with_context(|| format!("failed to read `{shown}`")),
        };
        if !absolute.is_dir() {
            bail!("`{shown}` is a file; pass the folder of an app");
        }
        let path = absolute.join("spikard.toml");
        let build = match fs::read_to_string(&path) {
            Ok(text) => {
                let manifest: Manifest = toml::from_str(&text).with_context(|| {
                    format!(
                        "failed to parse `{}`",
                        folder.join("spikard.toml").display()
                    )
                })?;
                manifest.build
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Build::default(),
            Err(error) => {
                return Err(error).with_context(|| format!("failed to read `{}`", path.display()));
            }
        };
        let language = match build.language {
            Some(language) => language,
            None => detect(&absolute, folder)?,
        };
        Ok(Self {
            folder: absolute,
            language,
            entry: build.entry,
            engine: build.engine,
            target: build.target.unwrap_or(RustTarget::Wasip2),
        })
    }
}

/// Detects the language by its manifest. `app.py` alone also makes a Python app.
fn detect(folder: &Path, shown: &Path) -> Result<Language> {
    let shown = shown.display();
    let found: Vec<Language> = Language::ALL
        .into_iter()
        .filter(|language| folder.join(language.manifest()).is_file())
        .collect();
    match found.as_slice() {
        [language] => Ok(*language),
        [] if folder.join("app.py").is_file() => Ok(Language::Python),
        [] => bail!(
            "no app in `{shown}`: it has no Cargo.toml, package.json, pyproject.toml or app.py; add one, or set `language` under `[build]` in spikard.toml"
        ),
        [first, second, ..] => bail!(
            "`{shown}` has both a {} and a {}; set `language`, for example `language = \"{}\"`, under `[build]` in spikard.toml",
            first.manifest(),
            second.manifest(),
            first.to_string().to_lowercase()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn error(files: &[(&str, &str)]) -> String {
        format!("{:#}", Project::read(folder(files).path()).unwrap_err())
    }

    #[test]
    fn detects_the_language() {
        for language in Language::ALL {
            let folder = folder(&[(language.manifest(), "")]);
            assert_eq!(Project::read(folder.path()).unwrap().language, language);
        }
        let both = [("Cargo.toml", ""), ("package.json", "")];
        assert!(error(&both).contains("both a Cargo.toml and a package.json"));
        let told = [
            (
                "spikard.toml",
                "[build]\nlanguage = \"javascript\"\nengine = \"quickjs\"",
            ),
            both[0],
            both[1],
        ];
        let told = Project::read(folder(&told).path()).unwrap();
        assert_eq!(
            (told.language, told.engine),
            (Language::Javascript, Some(Engine::Quickjs))
        );
    }

    #[test]
    fn app_py_without_a_manifest_is_a_python_app() {
        let alone = folder(&[("app.py", "")]);
        let project = Project::read(alone.path()).unwrap();
        assert_eq!(project.language, Language::Python);
        let beside = folder(&[("app.py", ""), ("package.json", "{}")]);
        let project = Project::read(beside.path()).unwrap();
        assert_eq!(project.language, Language::Javascript);
    }

    #[test]
    fn tables_for_serve_are_ignored() {
        let all: String = crate::config::file::TABLES
            .iter()
            .map(|table| format!("[{table}]\n"))
            .collect();
        let text = format!("{all}anything = 1\n");
        let folder = folder(&[("Cargo.toml", ""), ("spikard.toml", &text)]);
        let project = Project::read(folder.path()).unwrap();
        assert_eq!(project.language, Language::Rust);
    }

    #[test]
    fn errors_name_the_cause() {
        assert!(error(&[]).contains("pyproject.toml or app.py"));
        assert!(error(&[("spikard.toml", "[biuld]")]).contains("unknown field `biuld`"));
        assert!(
            error(&[("spikard.toml", "[build]\nlang = \"rust\"")]).contains("unknown field `lang`")
        );
        let missing = Project::read(Path::new("no/such")).unwrap_err();
        assert!(missing.to_string().contains("folder `no/such` not found"));
    }
}
