//! Locations of SQL databases, in the syntax of the `--sql` flag.

use std::fmt;
use std::path::{Path, PathBuf};

/// A SQL database that is granted to an app.
#[derive(Clone, PartialEq, Eq)]
pub struct Database {
    location: String,
    folder: PathBuf,
    migrations: Option<PathBuf>,
}

impl Database {
    /// Creates a database from a location, such as `sqlite:data/app.db`, that was checked, and
    /// from the folder that a relative path of a SQLite file refers to.
    #[must_use]
    pub fn new(location: String, folder: PathBuf) -> Self {
        Self {
            location,
            folder,
            migrations: None,
        }
    }

    /// Adds the folder of the migrations.
    #[must_use]
    pub fn with_migrations(self, migrations: Option<PathBuf>) -> Self {
        Self { migrations, ..self }
    }

    /// Returns the location, which can contain a password.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.location
    }

    /// Returns the folder that a relative path of a SQLite file refers to. Empty for the current
    /// folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the folder of the migrations.
    #[must_use]
    pub fn migrations(&self) -> Option<&Path> {
        self.migrations.as_deref()
    }
}

/// Hides the location, which can contain a password.
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("folder", &self.folder)
            .field("migrations", &self.migrations)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_location() {
        let database = Database::new("postgres://me:hunter2@host/app".into(), "conf".into())
            .with_migrations(Some("conf/migrations".into()));
        let shown = format!("{database:?}");
        assert!(shown.contains("conf/migrations") && !shown.contains("hunter2"));
        assert_eq!(database.location(), "postgres://me:hunter2@host/app");
        assert_eq!(database.folder(), Path::new("conf"));
    }
}
