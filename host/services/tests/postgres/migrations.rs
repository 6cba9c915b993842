//! Migrations.

use std::path::Path;

use super::*;
use spikard_wasm_services::sql::migrate;

fn write(folder: &Path, name: &str, sql: &str) {
    std::fs::write(folder.join(name), sql).expect("a file");
}

#[tokio::test]
async fn files_are_applied_once_and_in_order() {
    let fixture = fixture().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(
        folder,
        "2.sql",
        "insert into t values (1); insert into t values (2);",
    );
    write(
        folder,
        "1.sql",
        "create table t (a int);\ncreate function f() returns int language plpgsql as $$ begin return 1; end $$;",
    );
    assert_eq!(
        migrate::status(&fixture.databases, "main", folder)
            .await
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        migrate::up(&fixture.databases, "main", folder)
            .await
            .unwrap(),
        ["1.sql", "2.sql"]
    );
    assert_eq!(
        migrate::up(&fixture.databases, "main", folder)
            .await
            .unwrap(),
        [""; 0]
    );
    assert_eq!(
        rows(
            &fixture.session(),
            "select sum(a)::int as n, f() as f from t",
            json!([])
        )
        .await,
        json!([{"n": 3, "f": 1}])
    );
    let status = migrate::status(&fixture.databases, "main", folder)
        .await
        .unwrap();
    let time = status[0].applied.as_deref().unwrap();
    assert!(
        time.starts_with("20") && time.ends_with('Z') && time.len() == 24,
        "{time}"
    );
    write(folder, "2.sql", "-- changed");
    let error = migrate::up(&fixture.databases, "main", folder)
        .await
        .unwrap_err();
    assert!(error.contains("`2.sql` has changed"), "{error}");
}

#[tokio::test]
async fn a_migration_that_fails_leaves_the_database_as_it_was() {
    let fixture = fixture().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, "1.sql", "create table t (a int unique)");
    for (sql, part) in [
        (
            "insert into t values (1);\n-- ä\nselct 1;",
            "`2.sql` failed, line 3: syntax error",
        ),
        (
            "insert into t values (1);\ncreate table u (a int);\ninsert into t values (1);",
            "duplicate key",
        ),
        (
            "insert into t values (1); create index concurrently i on t (a)",
            "cannot run inside a transaction block",
        ),
    ] {
        write(folder, "2.sql", sql);
        let error = migrate::up(&fixture.databases, "main", folder)
            .await
            .unwrap_err();
        assert!(error.contains(part), "{sql}: {error}");
        let session = fixture.session();
        assert_eq!(
            rows(&session, "select count(*)::int as n from t", json!([])).await,
            json!([{"n": 0}]),
            "{sql}"
        );
        assert_eq!(
            rows(&session, "select to_regclass('u')::text as u", json!([])).await,
            json!([{"u": null}]),
            "{sql}"
        );
    }
    write(
        folder,
        "2.sql",
        "insert into t values (1); commit; insert into t values (2)",
    );
    let error = migrate::up(&fixture.databases, "main", folder)
        .await
        .unwrap_err();
    assert!(error.contains("ends the transaction"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_migrate_at_once() {
    let fixture = fixture().await;
    let folder = tempfile::tempdir().unwrap();
    for number in 0..5 {
        write(
            folder.path(),
            &format!("{number}.sql"),
            &format!("create table t{number} (a int)"),
        );
    }
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (databases, folder) = (fixture.databases.clone(), folder.path().to_owned());
        tasks.spawn(async move {
            migrate::up(&databases, "main", &folder)
                .await
                .unwrap()
                .len()
        });
    }
    let applied: usize = tasks.join_all().await.into_iter().sum();
    assert_eq!(applied, 5);
}

#[tokio::test]
async fn a_server_that_cannot_be_reached() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let databases = open(
        &format!("postgres://app:{}@127.0.0.1:{free}/test", server::PASSWORD),
        SqlLimits::default(),
    );
    let folder = tempfile::tempdir().unwrap();
    let error = migrate::up(&databases, "main", folder.path())
        .await
        .unwrap_err();
    assert!(
        error.contains("cannot connect") && !error.contains(server::PASSWORD),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_dies_while_it_migrates() {
    let fixture = on(server::Server::new(), SqlLimits::default()).await;
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "1.sql", "create table t (a int)");
    let slow = "create table u (a int); select pg_sleep(60)";
    write(folder.path(), "2.sql", slow);
    let (databases, path) = (fixture.databases.clone(), folder.path().to_owned());
    let migration =
        tokio::spawn(async move { migrate::up(&databases, "main", &path).await.unwrap_err() });
    let sleeping = "select count(*)::int as n from pg_stat_activity where query like '%pg_sleep(60)%' and wait_event = 'PgSleep'";
    eventually(&fixture.session(), sleeping, json!([{"n": 1}])).await;
    fixture.server.kill();
    let error = migration.await.unwrap();
    assert!(error.starts_with("the migration `2.sql` failed"), "{error}");
    assert!(!error.contains(server::PASSWORD), "{error}");
    fixture.server.start();
    write(folder.path(), "2.sql", "create table u (a int)");
    let applied = migrate::up(&fixture.databases, "main", folder.path()).await;
    assert_eq!(applied.unwrap(), ["2.sql"]);
    assert_eq!(
        rows(
            &fixture.session(),
            "select count(*)::int as n from u",
            json!([])
        )
        .await,
        json!([{"n": 0}])
    );
}
