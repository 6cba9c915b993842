//! Migrations.

use std::path::Path;

use super::*;
use crate::sql::migrate::{self, Migration};

fn write(folder: &Path, name: &str, sql: &str) {
    std::fs::write(folder.join(name), sql).unwrap();
}

#[tokio::test]
async fn files_are_applied_once_and_in_order() {
    for fixture in [file(), memory()] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        write(
            folder,
            "0002_rows.sql",
            "insert into t values (1); insert into t values (2);",
        );
        write(
            folder,
            "0001_table.sql",
            "-- a table\ncreate table t (a);\ncreate trigger r after insert on t begin select 1; end;",
        );
        write(folder, "notes.txt", "not a migration");
        let status = migrate::status(&fixture.databases, "main", folder)
            .await
            .unwrap();
        let names: Vec<&str> = status
            .iter()
            .map(|migration| migration.name.as_str())
            .collect();
        assert_eq!(names, ["0001_table.sql", "0002_rows.sql"]);
        assert!(status.iter().all(|migration| migration.applied.is_none()));

        assert_eq!(
            migrate::up(&fixture.databases, "main", folder)
                .await
                .unwrap(),
            names
        );
        assert_eq!(
            migrate::up(&fixture.databases, "main", folder)
                .await
                .unwrap(),
            [""; 0]
        );
        assert_eq!(
            rows(&fixture.session(), "select a from t", json!([])).await,
            json!([{"a": 1}, {"a": 2}])
        );
        let status: Vec<Migration> = migrate::status(&fixture.databases, "main", folder)
            .await
            .unwrap();
        let time = status[1].applied.as_deref().unwrap();
        assert!(
            time.starts_with("20") && time.ends_with('Z') && time.len() == 24,
            "{time}"
        );

        // Line endings of another system are no change.
        write(
            folder,
            "0002_rows.sql",
            "insert into t values (1); insert into t values (2);",
        );
        write(
            folder,
            "0001_table.sql",
            "-- a table\r\ncreate table t (a);\r\ncreate trigger r after insert on t begin select 1; end;",
        );
        write(folder, "0003.sql", "-- nothing to do");
        assert_eq!(
            migrate::up(&fixture.databases, "main", folder)
                .await
                .unwrap(),
            ["0003.sql"]
        );
        write(folder, "0003.sql", "-- changed");
        let error = migrate::up(&fixture.databases, "main", folder)
            .await
            .unwrap_err();
        assert!(error.contains("`0003.sql` has changed"), "{error}");
        std::fs::remove_file(folder.join("0003.sql")).unwrap();
        let error = migrate::status(&fixture.databases, "main", folder)
            .await
            .unwrap_err();
        assert!(
            error.contains("`0003.sql`") && error.contains("is missing"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_migration_that_fails_leaves_the_database_as_it_was() {
    let fixture = file();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, "1.sql", "create table t (a unique);");
    for (sql, part) in [
        (
            "insert into t values (1);\ncreate table u (a);\nselct 1;\n",
            "`2.sql` failed, line 3: near \"selct\"",
        ),
        (
            "insert into t values (1);\ninsert into t values (1);",
            "UNIQUE constraint failed: t.a",
        ),
        (
            "insert into t values (1); commit; insert into t values (1)",
            "`begin`, `commit` and `rollback` cannot be used",
        ),
        (
            "insert into t values (1); attach '/tmp/a.db' as a",
            "`attach`, `detach` and `vacuum` cannot be used",
        ),
        (
            "insert into t values (1); insert or rollback into t values (1)",
            "UNIQUE",
        ),
    ] {
        write(folder, "2.sql", sql);
        write(folder, "3.sql", "create table never (a);");
        let error = migrate::up(&fixture.databases, "main", folder)
            .await
            .unwrap_err();
        assert!(error.contains(part), "{sql}: {error}");
        let session = fixture.session();
        let tables = rows(
            &session,
            "select name from sqlite_schema where type = 'table' order by name",
            json!([]),
        )
        .await;
        assert_eq!(
            tables,
            json!([{"name": "_spikard_migrations"}, {"name": "t"}]),
            "{sql}"
        );
        assert_eq!(
            rows(&session, "select count(*) as n from t", json!([])).await,
            json!([{"n": 0}]),
            "{sql}"
        );
    }
    write(folder, "2.sql", "insert into t values (1)");
    assert_eq!(
        migrate::up(&fixture.databases, "main", folder)
            .await
            .unwrap(),
        ["2.sql", "3.sql"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_migrate_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let migrations = folder.path().join("migrations");
    std::fs::create_dir(&migrations).unwrap();
    for number in 0..5 {
        write(
            &migrations,
            &format!("{number}.sql"),
            &format!("create table t{number} (a)"),
        );
    }
    let location = format!("sqlite:{}", folder.path().join("test.db").display());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..4 {
        // Each has connections of its own, as a process has.
        let databases = open(Location::parse(&location).unwrap(), SqlLimits::default());
        let migrations = migrations.clone();
        tasks.spawn(async move {
            migrate::up(&databases, "main", &migrations)
                .await
                .unwrap()
                .len()
        });
    }
    let applied: usize = tasks.join_all().await.into_iter().sum();
    assert_eq!(applied, 5);
}

#[tokio::test]
async fn what_cannot_be_read() {
    let fixture = memory();
    let folder = tempfile::tempdir().unwrap();
    let error = migrate::up(&fixture.databases, "main", &folder.path().join("none"))
        .await
        .unwrap_err();
    assert!(error.contains("cannot read the migrations"), "{error}");
    let error = migrate::up(&fixture.databases, "other", folder.path())
        .await
        .unwrap_err();
    assert!(error.contains("`other` is not granted"), "{error}");
    std::fs::write(folder.path().join("1.sql"), [0xff]).unwrap();
    let error = migrate::up(&fixture.databases, "main", folder.path())
        .await
        .unwrap_err();
    assert!(error.contains("1.sql"), "{error}");
    write(folder.path(), "1.sql", "create table t (a); -- \0");
    let error = migrate::up(&fixture.databases, "main", folder.path())
        .await
        .unwrap_err();
    assert!(
        error.contains("`1.sql` contains a NUL character; remove it"),
        "{error}"
    );
}
