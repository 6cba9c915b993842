//! SQL databases of an app, which its instances share.

use std::sync::Arc;

use spikard_wasm_app::Grants;
use spikard_wasm_services::sql::{Databases, Location, SqlLimits};

use crate::error::LoadError;
use crate::limits::Limits;

/// Opens the granted databases. Connections to PostgreSQL are created on first use. `app` is the
/// file of the app.
pub(crate) fn open(
    app: &str,
    grants: &Grants,
    limits: &Limits,
) -> Result<Arc<Databases>, LoadError> {
    let failed = |why| LoadError::Database {
        name: app.to_owned(),
        why,
    };
    let location = |(name, database): (&String, &spikard_wasm_app::grants::Database)| {
        let location = Location::parse(database.location())
            .map_err(|why| failed(format!("database `{name}`: {why}")))?;
        Ok((name.clone(), location.relative_to(database.folder())))
    };
    let locations = grants.sql.iter().map(location).collect::<Result<_, _>>()?;
    let limits = SqlLimits {
        result_bytes: limits.sql_result,
        time: limits.sql_time,
        wait: limits.sql_wait,
        pool: limits.sql_connections,
        ..SqlLimits::default()
    };
    let databases = Databases::open(&locations, limits).map_err(failed)?;
    Ok(Arc::new(databases))
}

#[cfg(test)]
mod tests {
    use spikard_wasm_app::grants::Database;

    use super::*;

    fn grants(location: &str, folder: &std::path::Path) -> Grants {
        let database = Database::new(location.to_owned(), folder.to_owned());
        Grants {
            sql: [("main".to_owned(), database)].into(),
            ..Grants::default()
        }
    }

    #[test]
    fn files_are_relative_to_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        let databases = open(
            "app.wasm",
            &grants("sqlite:app.db", folder.path()),
            &Limits::default(),
        )
        .unwrap();
        assert_eq!(databases.names().collect::<Vec<_>>(), ["main"]);
        assert!(folder.path().join("app.db").exists());
    }

    #[test]
    fn errors_name_the_app_and_the_database() {
        let folder = tempfile::tempdir().unwrap();
        for location in ["sqlite:none/app.db", "mysql://root:hunter2@host/app"] {
            let grants = grants(location, folder.path());
            let error = open("app.wasm", &grants, &Limits::default());
            let error = error.unwrap_err().to_string();
            assert!(
                error.contains("`app.wasm`") && error.contains("`main`"),
                "{error}"
            );
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
