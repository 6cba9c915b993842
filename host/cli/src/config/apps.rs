//! Which apps are served, and how each: the one that is given, those of `spikard.toml`,
//! or those of a folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use spikard_wasm_app::{Mount, check_app_name};

use super::Bounds;
use super::app::AppTable;
use super::file::{File, NAME};
use super::grants::GrantsSaid;
use super::values::SecretArg;
use crate::args::ServeArgs;

/// An app that is to be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AppConfig {
    /// `None` where it is the only one.
    pub(crate) name: Option<String>,
    pub(crate) mount: Mount,
    /// `None` for the demo.
    pub(crate) component: Option<PathBuf>,
    pub(crate) bounds: Bounds,
    pub(crate) static_root: Option<PathBuf>,
    pub(crate) openapi: bool,
    pub(crate) dev: bool,
    pub(crate) secrets: Vec<SecretArg>,
    pub(crate) grants: GrantsSaid,
}

/// What `serve` is given.
#[derive(Debug)]
pub(super) enum Given<'a> {
    Nothing,
    Component(&'a Path),
    /// A `spikard.toml`, by itself or in the folder that was named.
    File(PathBuf),
    /// A folder of components.
    Folder(&'a Path),
}

impl<'a> Given<'a> {
    pub(super) fn of(app: Option<&'a Path>, config: Option<&Path>) -> Result<Self> {
        let Some(app) = app else {
            return Ok(Self::Nothing);
        };
        let inside = app.join(NAME);
        let file = match app.is_dir() {
            true if inside.is_file() => inside,
            true => return Ok(Self::Folder(app)),
            false if app.extension().is_some_and(|it| it == "toml") => app.to_owned(),
            false => return Ok(Self::Component(app)),
        };
        if !file.exists() {
            bail!("no such file: `{}`", file.display());
        }
        if let Some(config) = config {
            bail!(
                "`{}` and `--config {}` are two files to read settings from: leave one of them out",
                file.display(),
                config.display()
            );
        }
        Ok(Self::File(file))
    }

    /// The file to read, where it is given so.
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

    /// The apps that are to be served.
    pub(super) fn apps(&self, args: &ServeArgs, file: &File) -> Result<Vec<AppConfig>> {
        let said = file.path.display();
        let tables = match self {
            Self::Component(app) | Self::Folder(app) if !file.apps.is_empty() => bail!(
                "`{said}` has `[[app]]`, so that there is no place for `{}`: leave it out, or name another file with `--config`",
                app.display()
            ),
            Self::Folder(folder) => in_folder(folder, file)?,
            _ => file.apps.clone(),
        };
        if tables.is_empty() {
            return Ok(vec![self.only_app(args, file)]);
        }
        if args.static_root.is_some() {
            bail!(
                "`--static-root` is for a host of one app: write `static_root` of an `[[app]]` in `{NAME}` instead"
            );
        }
        if args.grants.clone().said() != GrantsSaid::default() {
            bail!(
                "what flags grant (`--env`, `--dir`, `--allow-outgoing` and the like) is for a host of one app: write `[app.grants]` after an `[[app]]` in `{NAME}` instead"
            );
        }
        let of = |table| AppConfig::of(args, file, table);
        Ok(tables.into_iter().map(of).collect())
    }

    fn only_app(&self, args: &ServeArgs, file: &File) -> AppConfig {
        let component = match self {
            Self::Component(app) => Some((*app).to_owned()),
            _ => file.app.clone(),
        };
        let static_root = args.static_root.as_ref().or(file.static_root.as_ref());
        let table = AppTable {
            static_root: static_root.cloned(),
            routes: file.routes.clone(),
            grants: args.grants.clone().said().or(file.grants.clone()),
            ..AppTable::default()
        };
        AppConfig {
            name: None,
            component,
            ..AppConfig::of(args, file, table)
        }
    }
}

impl AppConfig {
    fn of(args: &ServeArgs, file: &File, table: AppTable) -> Self {
        let openapi = table.openapi.or(file.openapi).unwrap_or(true);
        Self {
            bounds: Bounds::of_app(&args.config, file, &table),
            name: Some(table.name),
            mount: table.mount,
            component: Some(table.component),
            static_root: table.static_root,
            openapi: openapi && !args.no_openapi,
            dev: args.dev || file.dev.unwrap_or(false),
            grants: table.grants,
            secrets: secrets([&args.secret, &table.secrets, &file.secrets]),
        }
    }

    /// What it is called in what the host says.
    pub(crate) fn label(&self) -> String {
        match (&self.name, &self.component) {
            (Some(name), _) => name.clone(),
            (None, Some(component)) => component.display().to_string(),
            (None, None) => "demo".to_owned(),
        }
    }
}

/// All secrets; of one name, that of the first who gives it.
fn secrets(given: [&[SecretArg]; 3]) -> Vec<SecretArg> {
    let mut secrets: Vec<SecretArg> = Vec::new();
    for of_one in given {
        let before = secrets.len();
        let is_new = |it: &&SecretArg| secrets.iter().all(|known| known.name != it.name);
        let new: Vec<SecretArg> = of_one.iter().filter(is_new).cloned().collect();
        secrets.splice(before.., new);
    }
    secrets
}

/// An app for each component in a folder, below the name of its file.
fn in_folder(folder: &Path, file: &File) -> Result<Vec<AppTable>> {
    let shown = folder.display();
    let entries = fs::read_dir(folder).with_context(|| format!("`{shown}` cannot be read"))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> = paths
        .collect::<Result<_, _>>()
        .with_context(|| format!("`{shown}` cannot be read"))?;
    paths.retain(|path| path.extension().is_some_and(|it| it == "wasm") && path.is_file());
    paths.sort_unstable();
    if paths.is_empty() {
        bail!(
            "`{shown}` is a folder without components (`*.wasm`) and without `{NAME}`: to serve the app whose code is in it, build it first (`spikard-wasm build {shown} -o app.wasm`), then serve `app.wasm`"
        );
    }
    let mut tables: Vec<AppTable> = Vec::new();
    for path in paths {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let name = stem.to_ascii_lowercase().replace('_', "-");
        if let Err(why) = check_app_name(&name) {
            bail!(
                "`{}` cannot give an app its name: {why} before `.wasm`, or give it a name in `{NAME}`",
                path.display()
            );
        }
        if let Some(other) = tables.iter().find(|table| table.name == name) {
            bail!(
                "`{}` and `{}` would both be the app `{name}`: rename one of them",
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
    let has_grants = file.grants != GrantsSaid::default();
    let has_routes = !file.routes.is_empty();
    if has_routes || has_grants || file.app.is_some() || file.static_root.is_some() {
        bail!(
            "`{}` has settings of a host of one app (`[routes]`, `[grants]`, `serve.app` or `serve.static_root`), and `{shown}` is a folder of apps: name another file with `--config`",
            file.path.display()
        );
    }
    Ok(tables)
}
