//! Selects the apps to serve: a single component, the apps of a `spikard.toml`, or the
//! components of a folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use spikard_wasm_app::{Mount, check_app_name};

use super::app::AppTable;
use super::effective_limits::EffectiveLimits;
use super::file::{File, NAME};
use super::grants::GrantSettings;
use super::precedence;
use super::values::SecretArg;
use crate::args::ServeArgs;

/// Configuration of one app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AppConfig {
    /// `None` if the host serves a single app.
    pub(crate) name: Option<String>,
    pub(crate) mount: Mount,
    /// `None` for the demo app.
    pub(crate) component: Option<PathBuf>,
    pub(crate) limits: EffectiveLimits,
    pub(crate) static_root: Option<PathBuf>,
    pub(crate) openapi: bool,
    pub(crate) dev: bool,
    pub(crate) secrets: Vec<SecretArg>,
    pub(crate) grants: GrantSettings,
}

/// The positional argument of `serve`, classified.
#[derive(Debug)]
pub(super) enum AppSource<'a> {
    /// No argument: the app of `spikard.toml`, or the demo app.
    Unset,
    Component(&'a Path),
    /// A `spikard.toml`, named directly or found in the folder that was named.
    File(PathBuf),
    /// A folder of components without a `spikard.toml`.
    Folder(&'a Path),
}

impl<'a> AppSource<'a> {
    pub(super) fn detect(app: Option<&'a Path>, config: Option<&Path>) -> Result<Self> {
        let Some(app) = app else {
            return Ok(Self::Unset);
        };
        let inside = app.join(NAME);
        let file = match app.is_dir() {
            true if inside.is_file() => inside,
            true => return Ok(Self::Folder(app)),
            false if app.extension().is_some_and(|it| it == "toml") => app.to_owned(),
            false => return Ok(Self::Component(app)),
        };
        if !file.exists() {
            bail!("file `{}` not found; check the path", file.display());
        }
        if let Some(config) = config {
            bail!(
                "`{}` and `--config {}` both name a configuration file; pass only one of them",
                file.display(),
                config.display()
            );
        }
        Ok(Self::File(file))
    }

    /// The `spikard.toml` that the argument names.
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::File(file) => Some(file),
            _ => None,
        }
    }

    pub(super) fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(folder) => Some(folder),
            _ => None,
        }
    }

    /// The apps to serve, with all sources merged.
    pub(super) fn apps(&self, args: &ServeArgs, file: &File) -> Result<Vec<AppConfig>> {
        let file_name = file.path.display();
        let tables = match self {
            Self::Component(app) | Self::Folder(app) if !file.apps.is_empty() => bail!(
                "`{}` cannot be served because `{file_name}` declares `[[app]]`; omit the argument, or pass another file with `--config`",
                app.display()
            ),
            Self::Folder(folder) => apps_in_folder(folder, file)?,
            _ => file.apps.clone(),
        };
        if tables.is_empty() {
            return Ok(vec![self.only_app(args, file)]);
        }
        if args.static_root.is_some() {
            bail!(
                "`--static-root` applies to a single app only; set `static_root` of an `[[app]]` in `{NAME}` instead"
            );
        }
        if args.grants.clone().settings() != GrantSettings::default() {
            bail!(
                "grant flags such as `--env`, `--dir` and `--allow-outgoing` apply to a single app only; set `[app.grants]` of an `[[app]]` in `{NAME}` instead"
            );
        }
        let configure = |table| AppConfig::merge(args, file, table);
        Ok(tables.into_iter().map(configure).collect())
    }

    fn only_app(&self, args: &ServeArgs, file: &File) -> AppConfig {
        let component = match self {
            Self::Component(app) => Some((*app).to_owned()),
            _ => file.app.clone(),
        };
        let table = AppTable {
            static_root: file.static_root.clone(),
            routes: file.routes.clone(),
            grants: file.grants.clone(),
            ..AppTable::default()
        };
        AppConfig {
            name: None,
            component,
            ..AppConfig::merge(args, file, table)
        }
    }
}

impl AppConfig {
    fn merge(args: &ServeArgs, file: &File, table: AppTable) -> Self {
        let no_openapi = args.no_openapi.then_some(false);
        let openapi = precedence::value(no_openapi, table.openapi, file.openapi);
        let dev = precedence::value(args.dev.then_some(true), None, file.dev);
        Self {
            limits: EffectiveLimits::for_app(&args.config, file, &table),
            name: Some(table.name),
            mount: table.mount,
            component: Some(table.component),
            static_root: precedence::value(args.static_root.clone(), table.static_root, None),
            openapi: openapi.unwrap_or(true),
            dev: dev.unwrap_or(false),
            grants: precedence::grants(args.grants.clone().settings(), table.grants),
            secrets: precedence::secrets(&args.secret, &table.secrets, &file.secrets),
        }
    }

    /// The app's name in log events and messages.
    pub(crate) fn label(&self) -> String {
        match (&self.name, &self.component) {
            (Some(name), _) => name.clone(),
            (None, Some(component)) => component.display().to_string(),
            (None, None) => "demo".to_owned(),
        }
    }
}

/// One app per component in a folder, mounted at the file's name.
fn apps_in_folder(folder: &Path, file: &File) -> Result<Vec<AppTable>> {
    let shown = folder.display();
    let entries =
        fs::read_dir(folder).with_context(|| format!("failed to read folder `{shown}`"))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> = paths
        .collect::<Result<_, _>>()
        .with_context(|| format!("failed to read folder `{shown}`"))?;
    paths.retain(|path| path.extension().is_some_and(|it| it == "wasm") && path.is_file());
    paths.sort_unstable();
    if paths.is_empty() {
        bail!(
            "folder `{shown}` contains neither components (`*.wasm`) nor `{NAME}`; if it holds an app's source, run `spikard-wasm build {shown} -o app.wasm`, then `spikard-wasm serve app.wasm`"
        );
    }
    let mut tables: Vec<AppTable> = Vec::new();
    for path in paths {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let name = stem.to_ascii_lowercase().replace('_', "-");
        if let Err(why) = check_app_name(&name) {
            bail!(
                "the file name of `{}` is not a valid app name; {why} before `.wasm`, or declare the app in `{NAME}`",
                path.display()
            );
        }
        if let Some(other) = tables.iter().find(|table| table.name == name) {
            bail!(
                "`{}` and `{}` both map to the app name `{name}`; rename one of them",
                other.component.display(),
                path.display()
            );
        }
        tables.push(AppTable {
            mount: Mount::new(None, &format!("/{name}")).unwrap_or_default(),
            name,
            component: path,
            ..AppTable::default()
        });
    }
    let has_grants = file.grants != GrantSettings::default();
    let has_routes = !file.routes.is_empty();
    if has_routes || has_grants || file.app.is_some() || file.static_root.is_some() {
        bail!(
            "`{}` has settings for a single app (`[routes]`, `[grants]`, `serve.app` or `serve.static_root`), but `{shown}` is a folder of apps; pass another file with `--config`",
            file.path.display()
        );
    }
    Ok(tables)
}
