//! Detects the language and build settings of an app's folder: from `[build]` of its
//! `spikard.toml`, otherwise from the manifest of its language.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::source::EXTENSIONS;
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
    /// Main module, relative to the folder.
    pub(crate) entry: Option<String>,
    /// True if the main module was given, not its folder.
    pub(crate) is_file: bool,
    pub(crate) engine: Option<Engine>,
    pub(crate) target: RustTarget,
}

impl Project {
    /// Reads the project in a folder, or of a main module.
    pub(crate) fn read(app: &Path) -> Result<Self> {
        let shown = app.display();
        let absolute = match app.canonicalize() {
            Ok(absolute) => absolute,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                bail!("`{shown}` not found; pass the folder of an app, or its main module")
            }
            Err(error) => return Err(error).with_context(|| format!("failed to read `{shown}`")),
        };
        if absolute.is_dir() {
            let (build, language) = Self::in_folder(&absolute, app)?;
            return Ok(Self::new(
                absolute,
                language,
                build.entry.clone(),
                &build,
                false,
            ));
        }
        if !absolute.is_file() {
            bail!("`{shown}` is not a regular file; pass the folder of an app, or its main module");
        }
        let (language, entry) = main_module(&absolute, app)?;
        let folder = absolute.parent().unwrap_or(&absolute).to_owned();
        let build = read_build(&folder, app.parent().unwrap_or(app))?;
        Ok(Self::new(folder, language, Some(entry), &build, true))
    }

    fn new(
        folder: PathBuf,
        language: Language,
        entry: Option<String>,
        build: &Build,
        is_file: bool,
    ) -> Self {
        Self {
            folder,
            language,
            entry,
            is_file,
            engine: build.engine,
            target: build.target.unwrap_or(RustTarget::Wasip2),
        }
    }

    fn in_folder(absolute: &Path, shown: &Path) -> Result<(Build, Language)> {
        let build = read_build(absolute, shown)?;
        let language = match build.language {
            Some(language) => language,
            None => detect(absolute, shown)?,
        };
        Ok((build, language))
    }
}

/// Returns the language of a main module, and its name for the builder of that language.
fn main_module(path: &Path, shown: &Path) -> Result<(Language, String)> {
    let name = |part: Option<&OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let shown = shown.display();
    match &*name(path.extension()).to_ascii_lowercase() {
        extension if EXTENSIONS.contains(&extension) => {
            Ok((Language::Javascript, name(path.file_name())))
        }
        "py" => Ok((Language::Python, name(path.file_stem()))),
        "rs" => bail!("`{shown}` is a file of a Rust crate; pass the folder with its Cargo.toml"),
        "wasm" => bail!("`{shown}` is built already; run `spikard-wasm serve {shown}`"),
        "tsx" | "jsx" => bail!(
            "`{shown}` has JSX, which needs a bundler; set it as `main` of a package.json, and pass its folder"
        ),
        "cjs" | "cts" => bail!(
            "`{shown}` is a CommonJS module; rename it to `.mjs` or `.mts`, and replace `require` by `import`"
        ),
        _ => bail!(
            "`{shown}` is not source code of an app; pass a folder, or a file that ends with .{}, or .py",
            EXTENSIONS.join(", .")
        ),
    }
}

/// Reads the table `[build]` in the `spikard.toml` of a folder.
fn read_build(absolute: &Path, folder: &Path) -> Result<Build> {
    let path = absolute.join("spikard.toml");
    match fs::read_to_string(&path) {
        Ok(text) => {
            let manifest: Manifest = toml::from_str(&text).map_err(|error| {
                let reason = crate::config::file::explain(&error, &text);
                let path = folder.join("spikard.toml");
                anyhow!("failed to parse `{}`: {reason}", path.display())
            })?;
            Ok(manifest.build)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Build::default()),
        Err(error) => Err(error).with_context(|| format!("failed to read `{}`", path.display())),
    }
}

/// Returns the file of a folder that is probably the main module of a JavaScript app.
fn javascript_module(folder: &Path) -> Option<&'static str> {
    let candidates = ["app.ts", "app.js", "src/app.ts", "src/app.js"];
    candidates
        .into_iter()
        .find(|name| folder.join(name).is_file())
}

/// Detects the language by its manifest. `app.py` alone also makes a Python app.
fn detect(folder: &Path, shown: &Path) -> Result<Language> {
    let found: Vec<Language> = Language::ALL
        .into_iter()
        .filter(|language| folder.join(language.manifest()).is_file())
        .collect();
    let module = javascript_module(folder).map(|name| shown.join(name));
    let shown = shown.display();
    match (found.as_slice(), module) {
        ([language], _) => Ok(*language),
        ([], _) if folder.join("app.py").is_file() => Ok(Language::Python),
        ([], Some(module)) => bail!(
            "no app in `{shown}`: it has no package.json; pass the app's main module, as in `spikard-wasm build {}`",
            module.display()
        ),
        ([], None) => bail!(
            "no app in `{shown}`: it has no Cargo.toml, package.json, pyproject.toml or app.py; add one, or set `language` under `[build]` in spikard.toml"
        ),
        ([first, second, ..], _) => bail!(
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
    fn a_file_is_a_main_module() {
        let folder = folder(&[
            ("app.ts", ""),
            ("service.py", ""),
            ("main.rs", ""),
            ("app.wasm", ""),
            ("notes.txt", ""),
            ("spikard.toml", "[build]\nengine = \"quickjs\""),
        ]);
        let read = |name: &str| Project::read(&folder.path().join(name));
        let project = read("app.ts").unwrap();
        let entry = project.entry.as_deref();
        assert_eq!(
            (project.language, entry),
            (Language::Javascript, Some("app.ts"))
        );
        assert_eq!(
            (project.is_file, project.engine),
            (true, Some(Engine::Quickjs))
        );
        let project = read("service.py").unwrap();
        let entry = project.entry.as_deref();
        assert_eq!(
            (project.language, entry),
            (Language::Python, Some("service"))
        );
        for (name, part) in [
            ("main.rs", "its Cargo.toml"),
            ("app.wasm", "is built already"),
            ("notes.txt", "is not source code"),
        ] {
            let error = read(name).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn errors_name_the_cause() {
        assert!(error(&[]).contains("pyproject.toml or app.py"));
        let module = error(&[("app.ts", "")]);
        assert!(
            module.contains("main module, as in `spikard-wasm build "),
            "{module}"
        );
        assert!(module.ends_with("app.ts`"), "{module}");
        assert!(error(&[("spikard.toml", "[biuld]")]).contains("unknown field `biuld`"));
        assert!(
            error(&[("spikard.toml", "[build]\nlang = \"rust\"")]).contains("unknown field `lang`")
        );
        let missing = Project::read(Path::new("no/such")).unwrap_err();
        assert!(missing.to_string().contains("`no/such` not found"));
    }
}
