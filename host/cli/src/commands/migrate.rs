//! `migrate` and `serve --migrate`: list and apply the migrations of SQL databases.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};
use spikard_wasm_app::grants::Database;
use spikard_wasm_services::sql::migrate::{self, Migration};
use spikard_wasm_services::sql::{Databases, Location, SqlLimits};

use crate::args::{MigrateAction, MigrateArgs, MigrationArgs};
use crate::config::file::{File, NAME};
use crate::config::grants::databases;

/// Location of a database that ends with its process.
const MEMORY: &str = "sqlite::memory:";

/// The remedy if no database has migrations.
const HINT: &str = "add `migrations` to a database of `[grants.sql]`, such as `main = { url = \"sqlite:app.db\", migrations = \"migrations\" }`";

/// A database with migrations.
struct Target {
    /// Name of the database, after that of its app in a host of several.
    label: String,
    name: String,
    location: Location,
    folder: PathBuf,
}

impl Target {
    /// The databases with migrations that are granted to an app.
    fn all(app: Option<&str>, databases: &BTreeMap<String, Database>) -> Result<Vec<Self>> {
        let mut targets = Vec::new();
        for (name, database) in databases {
            let Some(folder) = database.migrations() else {
                continue;
            };
            let label = match app {
                Some(app) => format!("{app}/{name}"),
                None => name.clone(),
            };
            // The location was checked when it was read.
            let location = Location::parse(database.location())
                .map_err(|why| anyhow!("database `{label}`: {why}"))?;
            if database.location() == MEMORY {
                bail!(
                    "database `{label}` is in memory, so its migrations would be lost; use a file, such as `sqlite:app.db`"
                );
            }
            targets.push(Self {
                label,
                name: name.clone(),
                location: location.relative_to(database.folder()),
                folder: folder.to_owned(),
            });
        }
        Ok(targets)
    }

    fn open(&self) -> Result<Databases> {
        let location = [(self.name.clone(), self.location.clone())].into();
        Databases::open(&location, SqlLimits::default()).map_err(|why| anyhow!("{why}"))
    }

    /// Applies the pending migrations and returns their names.
    fn up(&self) -> Result<Vec<String>> {
        let databases = self.open()?;
        self.result(migrate::up(&databases, &self.name, &self.folder))
    }

    fn status(&self) -> Result<Vec<Migration>> {
        let databases = self.open()?;
        self.result(migrate::status(&databases, &self.name, &self.folder))
    }

    fn result<T>(&self, future: impl Future<Output = Result<T, String>>) -> Result<T> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("failed to start a runtime")?;
        let result = runtime.block_on(future);
        result.map_err(|why| anyhow!("database `{}`: {why}", self.label))
    }
}

pub(crate) fn run(args: &MigrateArgs) -> Result<()> {
    match &args.action {
        MigrateAction::Status(args) => {
            for target in targets(args)? {
                print_status(&target)?;
            }
        }
        MigrateAction::Up(args) => {
            for target in targets(args)? {
                let label = &target.label;
                let applied = target.up()?;
                for name in &applied {
                    println!("{label}: applied {name}");
                }
                if applied.is_empty() {
                    println!("{label}: up to date");
                }
            }
        }
    }
    Ok(())
}

fn print_status(target: &Target) -> Result<()> {
    let (label, migrations) = (&target.label, target.status()?);
    for Migration { name, applied } in &migrations {
        match applied {
            Some(time) => println!("{label}: {name} applied {time}"),
            None => println!("{label}: {name} pending"),
        }
    }
    if migrations.is_empty() {
        println!("{label}: no migrations in `{}`", target.folder.display());
    }
    Ok(())
}

/// Applies the pending migrations of the apps to serve, each with its name.
pub(crate) fn apply<'a>(
    apps: impl Iterator<Item = (Option<&'a str>, &'a BTreeMap<String, Database>)>,
) -> Result<()> {
    let mut targets = Vec::new();
    for (app, databases) in apps {
        targets.extend(Target::all(app, databases)?);
    }
    if targets.is_empty() {
        bail!("`--migrate` has nothing to apply: no database has migrations; {HINT}");
    }
    for target in targets {
        let database = &target.label;
        let applied = target.up()?;
        for migration in &applied {
            tracing::info!(database, migration, "migration applied");
        }
        if applied.is_empty() {
            tracing::info!(database, "all migrations are applied");
        }
    }
    Ok(())
}

/// The databases that the arguments select.
fn targets(args: &MigrationArgs) -> Result<Vec<Target>> {
    let Some(file) = File::find(args.config.as_deref())? else {
        bail!("no `{NAME}` in the current folder; name the file with `--config`");
    };
    let shown = file.path.display();
    let mut apps = Vec::new();
    match file.apps.is_empty() {
        true => apps.push((None, file.grants.sql)),
        false => apps.extend(
            file.apps
                .into_iter()
                .map(|app| (Some(app.name), app.grants.sql)),
        ),
    }
    if let Some(wanted) = &args.app {
        apps.retain(|(name, _)| name.as_ref() == Some(wanted));
        if apps.is_empty() {
            bail!("`{shown}` declares no app `{wanted}`; check `--app`");
        }
    }
    if let Some(wanted) = &args.database {
        for (_, sql) in &mut apps {
            sql.retain(|name, _| name == wanted);
        }
        if apps.iter().all(|(_, sql)| sql.is_empty()) {
            bail!("`{shown}` grants no database `{wanted}`; check `--database`");
        }
    }
    let mut targets = Vec::new();
    for (app, sql) in apps {
        targets.extend(Target::all(app.as_deref(), &databases(sql)?)?);
    }
    if targets.is_empty() {
        bail!("`{shown}` names no migrations; {HINT}");
    }
    Ok(targets)
}
