//! What kind of app a folder holds: by the `[build]` table of its `spikard.toml`,
//! or by the manifest of its language.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::args::Engine;

/// The Rust target that makes a component without further tools.
pub(crate) const RUST_TARGET: &str = "wasm32-wasip2";

/// A language that apps are written in.
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

/// The file `spikard.toml`, as far as building reads it; the other tables are for
/// serving, and read by `config::file`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    #[serde(default)]
    build: Build,
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

/// Its `[build]` table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Build {
    language: Option<Language>,
    entry: Option<String>,
    engine: Option<Engine>,
    target: Option<RustTarget>,
}

/// A Rust target that components are made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum RustTarget {
    /// With the clocks, randomness and standard output of WASI.
    #[serde(rename = "wasm32-wasip2")]
    Wasip2,
    /// Without any import but the interface's own.
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

/// An app's folder, and how it is built.
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
                bail!("no such folder: `{shown}`; `build` takes the folder of an app")
            }
            Err(error) => return Err(error).with_context(|| format!("`{shown}` cannot be read")),
        };
        if !absolute.is_dir() {
            bail!("`{shown}` is a file: `build` takes the folder of an app");
        }
        let path = absolute.join("spikard.toml");
        let build = match fs::read_to_string(&path) {
            Ok(text) => {
                let manifest: Manifest = toml::from_str(&text).with_context(|| {
                    format!("`{}` cannot be read", folder.join("spikard.toml").display())
                })?;
                manifest.build
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Build::default(),
            Err(error) => {
                return Err(error).with_context(|| format!("`{}` cannot be read", path.display()));
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

fn detect(folder: &Path, shown: &Path) -> Result<Language> {
    let shown = shown.display();
    let found: Vec<Language> = Language::ALL
        .into_iter()
        .filter(|language| folder.join(language.manifest()).is_file())
        .collect();
    match found.as_slice() {
        [language] => Ok(*language),
        [] => bail!(
            "`{shown}` holds no app: there is no Cargo.toml, package.json or pyproject.toml in it, nor a `[build]` table with a `language` in spikard.toml"
        ),
        [first, second, ..] => bail!(
            "`{shown}` has both a {} and a {}: say which is the app with `language = \"{}\"` under `[build]` in its spikard.toml",
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
    fn finds_the_language() {
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
    fn what_is_for_serving_is_left_alone() {
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
    fn says_what_is_wrong() {
        assert!(error(&[]).contains("holds no app"));
        assert!(error(&[("spikard.toml", "[biuld]")]).contains("unknown field `biuld`"));
        assert!(
            error(&[("spikard.toml", "[build]\nlang = \"rust\"")]).contains("unknown field `lang`")
        );
        let missing = Project::read(Path::new("no/such")).unwrap_err();
        assert!(missing.to_string().contains("no such folder: `no/such`"));
    }
}
