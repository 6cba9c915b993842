//! Slow statements, large results, full disks, and many tasks at once.

use std::time::{Duration, Instant};

use super::*;

const ENDLESS: &str =
    "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) as n from n";

fn quick() -> SqlLimits {
    SqlLimits {
        time: Duration::from_millis(300),
        wait: Duration::from_millis(200),
        ..SqlLimits::default()
    }
}

#[tokio::test]
async fn slow_statements_leave_the_worker_free_and_end() {
    let fixture = file_with(quick());
    let session = fixture.session();
    query(&session, "create table t (a)", json!([]))
        .await
        .unwrap();
    for sql in [ENDLESS.to_owned(), format!("insert into t {ENDLESS}")] {
        let head = json!({"database": "main", "sql": sql}).to_string();
        let slow = tokio::spawn(session.run("sql.query", &head, Payload::Empty).unwrap());
        tokio::time::sleep(Duration::from_millis(20)).await;
        // The only thread of this runtime runs others meanwhile.
        let started = Instant::now();
        assert_eq!(
            rows(&session, "select count(*) as n from t", json!([])).await,
            json!([{"n": 0}])
        );
        assert!(
            started.elapsed() < Duration::from_millis(100),
            "{:?}",
            started.elapsed()
        );
        assert!(!slow.is_finished());
        let failed = slow.await.unwrap().unwrap_err();
        assert_eq!(failed.code, "timeout", "{failed}");
    }
    query(&session, "insert into t values (1)", json!([]))
        .await
        .unwrap();
    assert_eq!(
        rows(&session, "select a from t", json!([])).await,
        json!([{"a": 1}])
    );
}

#[tokio::test]
async fn statements_longer_than_the_budget_are_repeated() {
    for fixture in [file(), memory()] {
        let session = fixture.session();
        query(&session, "create table t (a)", json!([]))
            .await
            .unwrap();
        let numbers =
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000)";
        let outcome = query(
            &session,
            &format!("insert into t {numbers} select i from n"),
            json!([]),
        )
        .await
        .unwrap();
        assert_eq!(head(&outcome)["changes"], 100_000);
        let all = rows(&session, "select a from t", json!([])).await;
        assert_eq!(all.as_array().unwrap().len(), 100_000);
        assert_eq!(all[99_999], json!({"a": 100_000}));
    }
}

#[tokio::test]
async fn large_results_and_statements() {
    let fixture = file_with(SqlLimits {
        result_bytes: 100_000,
        statement_bytes: 1000,
        ..SqlLimits::default()
    });
    let session = fixture.session();
    query(
        &session,
        "create table t (a integer primary key)",
        json!([]),
    )
    .await
    .unwrap();
    let numbers = "with recursive n(i) as (select 1 union all select i + 1 from n where i < $1)";
    let failed = query(
        &session,
        &format!("{numbers} select i from n"),
        json!([100_000]),
    )
    .await
    .unwrap_err();
    assert_eq!(failed.code, "too-large");
    assert!(failed.message.contains("in pages"), "{}", failed.message);
    // Rows that do not fit undo the change that returns them.
    let insert = format!("insert into t {numbers} select i from n returning a");
    assert_eq!(
        query(&session, &insert, json!([100_000]))
            .await
            .unwrap_err()
            .code,
        "too-large"
    );
    assert_eq!(
        rows(&session, "select count(*) as n from t", json!([])).await,
        json!([{"n": 0}])
    );
    query(&session, &insert, json!([100])).await.unwrap();
    let failed = query(
        &session,
        &format!("select 1 {}", " ".repeat(1000)),
        json!([]),
    )
    .await
    .unwrap_err();
    assert_eq!(failed.code, "too-large");
    let failed = query(&session, "select zeroblob(1000000000) as a", json!([]))
        .await
        .unwrap_err();
    assert_eq!(failed.code, "too-large");
}

#[tokio::test]
async fn a_full_disk_fails_one_change() {
    let fixture = file();
    let session = fixture.session();
    query(&session, "create table t (a)", json!([]))
        .await
        .unwrap();
    {
        let sqlite = fixture.sqlite();
        let writer = sqlite.writer.try_lock().unwrap();
        writer.control.internally(|| {
            writer
                .raw
                .execute_batch("pragma max_page_count = 20")
                .unwrap()
        });
    }
    let failed = query(
        &session,
        "insert into t values (zeroblob(500000))",
        json!([]),
    )
    .await
    .unwrap_err();
    assert_eq!(
        (failed.code.as_ref(), &failed.details["sqlstate"]),
        ("sql", &json!("SQLITE_FULL"))
    );
    assert!(failed.message.contains("full"), "{}", failed.message);
    let transaction = begin(&session, false).await;
    let failed = within(
        &session,
        transaction,
        "insert into t values (zeroblob(500000))",
        json!([]),
    )
    .await
    .unwrap_err();
    assert_eq!(failed.details["sqlstate"], "SQLITE_FULL");
    let _ = end(&session, "sql.rollback", transaction).await;
    query(&session, "insert into t values (1)", json!([]))
        .await
        .unwrap();
    assert_eq!(
        rows(&session, "select count(*) as n from t", json!([])).await,
        json!([{"n": 1}])
    );
}

#[tokio::test]
async fn writers_wait_for_a_transaction_and_give_up() {
    let fixture = file_with(quick());
    let (session, other) = (fixture.session(), fixture.session());
    query(&session, "create table t (a)", json!([]))
        .await
        .unwrap();
    let transaction = begin(&session, false).await;
    let failed = query(&other, "insert into t values (1)", json!([]))
        .await
        .unwrap_err();
    assert_eq!(failed.code, "busy");
    let failed = run(
        &other,
        "sql.begin",
        json!({"database": "main"}),
        Value::Null,
    )
    .await
    .unwrap_err();
    assert_eq!(failed.code, "busy");
    let head = json!({"database": "main", "sql": "insert into t values (2)"}).to_string();
    let waiting = tokio::spawn(other.run("sql.query", &head, Payload::Empty).unwrap());
    tokio::time::sleep(Duration::from_millis(50)).await;
    end(&session, "sql.commit", transaction).await.unwrap();
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn another_process_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let location = Location::parse(&format!("sqlite:{}", path.display())).unwrap();
    let databases = open(location, SqlLimits::default());
    let session = Session::new(&databases);
    query(&session, "create table t (a)", json!([]))
        .await
        .unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other
        .execute_batch("begin immediate; insert into t values (1)")
        .unwrap();
    let head = json!({"database": "main", "sql": "insert into t values (2)"}).to_string();
    let waiting = tokio::spawn(session.run("sql.query", &head, Payload::Empty).unwrap());
    tokio::time::sleep(Duration::from_millis(50)).await;
    // Readers do not wait.
    assert_eq!(
        rows(&session, "select count(*) as n from t", json!([])).await,
        json!([{"n": 0}])
    );
    other.execute_batch("commit").unwrap();
    waiting.await.unwrap().unwrap();
    other.execute_batch("begin immediate").unwrap();
    let waiting = tokio::spawn(
        session
            .run("sql.begin", r#"{"database": "main"}"#, Payload::Empty)
            .unwrap(),
    );
    tokio::time::sleep(Duration::from_millis(50)).await;
    other.execute_batch("rollback").unwrap();
    waiting.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_readers_and_writers() {
    for fixture in [file(), memory()] {
        let databases = fixture.databases.clone();
        query(
            &fixture.session(),
            "create table t (a integer primary key)",
            json!([]),
        )
        .await
        .unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..1200 {
            let session = Session::new(&databases);
            tasks.spawn(async move {
                if number % 6 == 0 {
                    query(&session, "insert into t values ($1)", json!([number]))
                        .await
                        .unwrap();
                } else if number % 50 == 1 {
                    let transaction = begin(&session, false).await;
                    within(
                        &session,
                        transaction,
                        "insert into t values ($1)",
                        json!([number]),
                    )
                    .await
                    .unwrap();
                    end(&session, "sql.commit", transaction).await.unwrap();
                } else {
                    rows(&session, "select max(a) as m from t", json!([])).await;
                }
            });
        }
        while let Some(result) = tasks.join_next().await {
            result.unwrap();
        }
        assert_eq!(
            rows(&fixture.session(), "select count(*) as n from t", json!([])).await,
            json!([{"n": 224}])
        );
        assert!(fixture.sqlite().readers.lock().unwrap().len() <= 64);
    }
}

#[tokio::test]
async fn the_log_is_written_back() {
    let fixture = file();
    let session = fixture.session();
    query(&session, "create table t (a)", json!([]))
        .await
        .unwrap();
    for _ in 0..30 {
        query(
            &session,
            "insert into t values (zeroblob(200000))",
            json!([]),
        )
        .await
        .unwrap();
    }
    let path = fixture.sqlite().path.clone().unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while std::fs::metadata(&path).unwrap().len() < 3_000_000 {
        assert!(Instant::now() < deadline, "no checkpoint");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn too_many_slow_statements() {
    let fixture = file_with(SqlLimits {
        pool: 1,
        time: Duration::from_secs(2),
        wait: Duration::from_millis(200),
        ..SqlLimits::default()
    });
    let session = fixture.session();
    let head = json!({"database": "main", "sql": ENDLESS}).to_string();
    let slow = session.run("sql.query", &head, Payload::Empty).unwrap();
    let slow = tokio::spawn(slow);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let failed = query(&session, ENDLESS, json!([])).await.unwrap_err();
    assert_eq!(failed.code, "too-many", "{failed}");
    assert!(
        failed.message.starts_with("1 slow statements"),
        "{}",
        failed.message
    );
    assert!(!slow.is_finished());
    // Quick ones do not wait for a slow one, also after it was dropped.
    rows(&session, "select 1 as a", json!([])).await;
    slow.abort();
    let _ = slow.await;
    rows(&session, "select 1 as a", json!([])).await;
}

#[tokio::test]
async fn a_file_that_is_gone_or_replaced() {
    for fault in ["deleted", "garbage"] {
        let fixture = file();
        let session = fixture.session();
        query(&session, "create table t (a)", json!([]))
            .await
            .unwrap();
        let path = fixture.sqlite().path.clone().unwrap();
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
        }
        std::fs::remove_file(&path).unwrap();
        if fault == "garbage" {
            std::fs::write(&path, "no database ".repeat(1000)).unwrap();
        }
        // The first statement that reads opens its own connection.
        let failed = query(&session, "select a from t", json!([]))
            .await
            .unwrap_err();
        assert_eq!(failed.code, "unavailable", "{fault}: {failed}");
        let folder = path.parent().unwrap().to_str().unwrap();
        assert!(!failed.head().contains(folder), "{}", failed.head());
    }
}

/// Several processes can create the same database, such as `migrate` and `serve`.
#[test]
fn a_new_file_is_opened_by_many_at_once() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db").display().to_string();
        let open_it = || {
            let location = Location::parse(&format!("sqlite:{path}")).unwrap();
            Databases::open(
                &BTreeMap::from([("main".to_owned(), location)]),
                SqlLimits::default(),
            )
            .map(drop)
        };
        let opened: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(open_it)).collect();
            threads.into_iter().map(|it| it.join().unwrap()).collect()
        });
        assert!(opened.iter().all(Result::is_ok), "{opened:?}");
    }
}
