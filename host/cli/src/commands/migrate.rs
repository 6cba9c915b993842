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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const TWO_APPS: &str = "\
        [[app]]\nname = \"shop\"\ncomponent = \"a.wasm\"\npath = \"/shop\"\n\
        [app.grants.sql]\nmain = { url = \"sqlite:shop.db\", migrations = \"m\" }\nother = \"sqlite:other.db\"\n\
        [[app]]\nname = \"blog\"\ncomponent = \"b.wasm\"\npath = \"/blog\"\n\
        [app.grants.sql]\nmain = { url = \"sqlite:blog.db\", migrations = \"m\" }\n";

    /// A folder with a `spikard.toml` and the folder `m` with two migrations.
    fn folder(text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("spikard.toml", text);
        fs::create_dir(folder.path().join("m")).unwrap();
        write("m/1.sql", "create table a (id integer primary key);");
        write("m/2.sql", "insert into a values (1);");
        folder
    }

    fn select(
        folder: &tempfile::TempDir,
        app: Option<&str>,
        database: Option<&str>,
    ) -> Result<Vec<Target>, String> {
        let args = MigrationArgs {
            config: Some(folder.path().join("spikard.toml")),
            app: app.map(str::to_owned),
            database: database.map(str::to_owned),
        };
        targets(&args).map_err(|error| error.to_string())
    }

    fn labels(targets: &[Target]) -> Vec<&str> {
        targets.iter().map(|target| target.label.as_str()).collect()
    }

    #[test]
    fn arguments_select_databases() {
        let folder = folder(TWO_APPS);
        let all = select(&folder, None, None).unwrap();
        assert_eq!(labels(&all), ["shop/main", "blog/main"]);
        let blog = select(&folder, Some("blog"), Some("main")).unwrap();
        assert_eq!(labels(&blog), ["blog/main"]);
        for (app, database, why) in [
            (Some("x"), None, "declares no app `x`; check `--app`"),
            (
                None,
                Some("x"),
                "grants no database `x`; check `--database`",
            ),
            (
                Some("shop"),
                Some("other"),
                "names no migrations; add `migrations`",
            ),
        ] {
            let error = select(&folder, app, database).err().unwrap();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn migrations_are_applied_once_and_relative_to_the_file() {
        let folder = folder(TWO_APPS);
        let shop = &select(&folder, Some("shop"), None).unwrap()[0];
        let is_applied = || -> Vec<bool> {
            let all = shop.status().unwrap();
            all.iter().map(|it| it.applied.is_some()).collect()
        };
        assert_eq!(is_applied(), [false, false]);
        assert_eq!(shop.up().unwrap(), ["1.sql", "2.sql"]);
        assert_eq!(shop.up().unwrap(), [""; 0]);
        assert_eq!(is_applied(), [true, true]);
        assert!(folder.path().join("shop.db").exists());
        fs::write(folder.path().join("m/3.sql"), "insert into b values (1);").unwrap();
        let error = shop.up().unwrap_err().to_string();
        assert!(
            error.starts_with("database `shop/main`: the migration `3.sql` failed"),
            "{error}"
        );
    }

    #[test]
    fn migrations_of_a_database_in_memory_are_refused() {
        let text = "[grants.sql]\nmain = { url = \"sqlite::memory:\", migrations = \"m\" }\n";
        let error = select(&folder(text), None, None).err().unwrap();
        assert!(error.starts_with("database `main` is in memory"), "{error}");
    }

    #[test]
    fn serve_needs_a_database_with_migrations() {
        let none = BTreeMap::new();
        let error = apply([(None, &none)].into_iter()).unwrap_err().to_string();
        assert!(
            error.starts_with("`--migrate` has nothing to apply"),
            "{error}"
        );
    }
}
