//! Servers that are gone, slow statements, exhausted pools, large results, and many tasks at once.

use std::time::{Duration, Instant};

use super::*;

fn quick() -> SqlLimits {
    SqlLimits {
        time: Duration::from_millis(500),
        wait: Duration::from_millis(300),
        pool: 2,
        ..SqlLimits::default()
    }
}

#[tokio::test]
async fn a_server_that_is_down_and_comes_back() {
    let fixture = on(
        Server::new(),
        SqlLimits {
            wait: Duration::from_secs(2),
            ..SqlLimits::default()
        },
    )
    .await;
    fixture.server.kill();
    // The host starts without it.
    let url = fixture.server.url(&fixture.name);
    let session = Session::new(&open(
        &url,
        SqlLimits {
            wait: Duration::from_secs(2),
            ..SqlLimits::default()
        },
    ));
    let failed = query(&session, "select 1 as a", json!([]))
        .await
        .unwrap_err();
    assert_eq!(failed.code, "unavailable");
    assert!(
        failed.message.contains("cannot be reached"),
        "{}",
        failed.message
    );
    fixture.server.start();
    query(&session, "create table t (a int)", json!([]))
        .await
        .unwrap();

    // It dies under statements and transactions in progress, and with idle connections.
    let transaction = begin(&session, json!({})).await;
    within(&session, transaction, "insert into t values (1)", json!([]))
        .await
        .unwrap();
    let idle = tokio::join!(
        rows(&session, "select 1 as a", json!([])),
        rows(&session, "select 1 as a", json!([]))
    );
    assert_eq!(idle.0, idle.1);
    let head = json!({"database": "main", "sql": "select pg_sleep(60) as a"}).to_string();
    let slow = tokio::spawn(session.run("sql.query", &head, Payload::Empty).unwrap());
    tokio::time::sleep(Duration::from_millis(100)).await;
    fixture.server.kill();
    let failed = slow.await.unwrap().unwrap_err();
    assert_eq!(failed.code, "unavailable");
    assert!(
        failed.message.contains("may or may not"),
        "{}",
        failed.message
    );
    assert_eq!(
        within(&session, transaction, "select 1 as a", json!([]))
            .await
            .unwrap_err()
            .code,
        "unavailable"
    );
    assert!(end(&session, "sql.commit", transaction).await.is_err());
    assert_eq!(
        query(&session, "select 1 as a", json!([]))
            .await
            .unwrap_err()
            .code,
        "unavailable"
    );
    fixture.server.start();
    for _ in 0..4 {
        assert_eq!(
            rows(&session, "select count(*)::int as n from t", json!([])).await,
            json!([{"n": 0}])
        );
    }
}

#[tokio::test]
async fn a_restart_between_requests_is_not_noticed() {
    let fixture = on(Server::new(), SqlLimits::default()).await;
    let session = fixture.session();
    let sql = "select 1 as a";
    let (first, second) = tokio::join!(
        rows(&session, sql, json!([])),
        rows(&session, sql, json!([]))
    );
    assert_eq!(first, second);
    // The shared connection is open, too.
    for _ in 0..5 {
        rows(&session, sql, json!([])).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    fixture.server.kill();
    fixture.server.start();
    // The thread of the worker was blocked, so only the check of idle connections can see the end.
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(rows(&session, sql, json!([])).await, json!([{"a": 1}]));
    let transaction = begin(&session, json!({})).await;
    end(&session, "sql.commit", transaction).await.unwrap();
    // The same, when an administrator ends the connection and the worker has no time to notice.
    let pid = rows(&session, "select pg_backend_pid() as pid", json!([])).await[0]["pid"].clone();
    let admin = Session::new(&open(&fixture.server.url("postgres"), SqlLimits::default()));
    query(
        &admin,
        "select pg_terminate_backend($1)::text as a",
        json!([pid]),
    )
    .await
    .unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(rows(&session, sql, json!([])).await, json!([{"a": 1}]));
}

#[tokio::test]
async fn slow_statements_end() {
    let fixture = fixture_with(quick()).await;
    let session = fixture.session();
    let failed = query(&session, "select pg_sleep(60) as a", json!([]))
        .await
        .unwrap_err();
    assert_eq!(failed.code, "timeout");
    let transaction = begin(&session, json!({})).await;
    assert_eq!(
        within(&session, transaction, "select pg_sleep(60) as a", json!([]))
            .await
            .unwrap_err()
            .code,
        "timeout"
    );
    end(&session, "sql.rollback", transaction).await.unwrap();
    // A statement that ignores the server's limit is cancelled by the host.
    let transaction = begin(&session, json!({})).await;
    within(
        &session,
        transaction,
        "set local statement_timeout = 0",
        json!([]),
    )
    .await
    .unwrap();
    assert_eq!(
        within(&session, transaction, "select pg_sleep(60) as a", json!([]))
            .await
            .unwrap_err()
            .code,
        "timeout"
    );
    let sleeping = "select count(*)::int as n from pg_stat_activity where query like '%pg_sleep(60)%' and state = 'active' \
                    and datname = current_database() and pid <> pg_backend_pid()";
    eventually(&session, sleeping, json!([{"n": 0}])).await;
}

/// Runs a statement that the host refuses within a time, because too many run.
async fn refused(session: &Session, why: &str, limit: Duration) {
    let started = Instant::now();
    let failed = query(session, "select 1 as a", json!([]))
        .await
        .expect_err("too many run");
    assert_eq!(failed.code, "too-many");
    assert!(failed.message.contains(why), "{}", failed.message);
    assert!(started.elapsed() < limit);
}

#[tokio::test]
async fn an_exhausted_pool_and_a_full_server() {
    let fixture = fixture_with(quick()).await;
    let session = fixture.session();
    let (first, second) = (
        begin(&session, json!({})).await,
        begin(&session, json!({})).await,
    );
    refused(&session, "all 2 connections", Duration::from_secs(2)).await;
    let waiting = tokio::spawn(
        session
            .run("sql.begin", r#"{"database": "main"}"#, Payload::Empty)
            .unwrap(),
    );
    tokio::time::sleep(Duration::from_millis(50)).await;
    end(&session, "sql.commit", first).await.unwrap();
    waiting.await.unwrap().unwrap();
    end(&session, "sql.commit", second).await.unwrap();

    // The server itself refuses: the role may have one connection.
    query(
        &session,
        "create role guest login password 'guest' connection limit 1",
        json!([]),
    )
    .await
    .unwrap();
    let url = fixture
        .server
        .url(&fixture.name)
        .replace(&format!("app:{}", server::PASSWORD), "guest:guest");
    let guest = Session::new(&open(&url, quick()));
    let transaction = begin(&guest, json!({})).await;
    let failed = query(&guest, "select 1 as a", json!([])).await.unwrap_err();
    assert_eq!(failed.code, "too-many");
    assert!(
        failed.message.contains("max_connections"),
        "{}",
        failed.message
    );
    end(&guest, "sql.commit", transaction).await.unwrap();
    query(&guest, "select 1 as a", json!([])).await.unwrap();
}

#[tokio::test]
async fn large_results() {
    let fixture = fixture_with(SqlLimits {
        result_bytes: 4_000_000,
        ..SqlLimits::default()
    })
    .await;
    let session = fixture.session();
    let outcome = query(
        &session,
        "select g as id, 'row ' || g as name from generate_series(1, 100000) g",
        json!([]),
    )
    .await
    .unwrap();
    let all = body(&outcome);
    assert_eq!(all.as_array().unwrap().len(), 100_000);
    assert_eq!(all[99_999], json!({"id": 100_000, "name": "row 100000"}));
    let failed = query(
        &session,
        "select g as id, 'row ' || g as name from generate_series(1, 10000000) g",
        json!([]),
    )
    .await
    .unwrap_err();
    assert_eq!(failed.code, "too-large");
    assert!(failed.message.contains("in pages"), "{}", failed.message);
    let failed = query(&session, "select repeat('a', 5000000) as a", json!([]))
        .await
        .unwrap_err();
    assert_eq!(failed.code, "too-large");
    let active = "select count(*)::int as n from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    eventually(&session, active, json!([{"n": 0}])).await;
}

#[tokio::test]
async fn a_thousand_concurrent_readers_and_writers() {
    let fixture = fixture_with(SqlLimits {
        wait: Duration::from_secs(30),
        ..SqlLimits::default()
    })
    .await;
    query(
        &fixture.session(),
        "create table t (a int primary key)",
        json!([]),
    )
    .await
    .unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..1000 {
        let session = fixture.session();
        tasks.spawn(async move {
            if number % 10 == 0 {
                let transaction = begin(&session, json!({})).await;
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
                assert_eq!(
                    rows(&session, "select $1::int as a", json!([number])).await,
                    json!([{"a": number}])
                );
            }
        });
    }
    while let Some(result) = tasks.join_next().await {
        result.unwrap();
    }
    assert_eq!(
        rows(
            &fixture.session(),
            "select count(*)::int as n from t",
            json!([])
        )
        .await,
        json!([{"n": 100}])
    );
    let connections =
        "select count(*)::int as n from pg_stat_activity where datname = current_database()";
    let n = rows(&fixture.session(), connections, json!([])).await[0]["n"]
        .as_u64()
        .unwrap();
    assert!(n <= 17, "{n}");
}

#[tokio::test]
async fn quick_statements_share_a_connection() {
    let fixture = fixture().await;
    let session = fixture.session();
    for sql in ["select $1::int as a", "select pg_sleep($1) as a"] {
        for _ in 0..5 {
            rows(&session, sql, json!([0])).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let started = |number: i32| {
        let head = json!({"database": "main", "sql": "select $1::int as a"}).to_string();
        tokio::spawn(
            session
                .run("sql.query", &head, Payload::Json(format!("[{number}]")))
                .unwrap(),
        )
    };
    let running: Vec<_> = (0..60).map(started).collect();
    for (number, pending) in running.into_iter().enumerate() {
        // Those that are dropped leave the others their own rows.
        if number % 3 == 0 {
            pending.abort();
        } else {
            assert_eq!(
                body(&pending.await.unwrap().unwrap()),
                json!([{"a": number}])
            );
        }
    }
    let connections =
        "select count(*)::int as n from pg_stat_activity where datname = current_database()";
    assert_eq!(
        rows(&session, connections, json!([])).await,
        json!([{"n": 2}])
    );
    // A statement that is slow for the first time does not delay later ones.
    let head = json!({"database": "main", "sql": "select pg_sleep($1) as a"}).to_string();
    let slow = tokio::spawn(
        session
            .run("sql.query", &head, Payload::Json("[3]".to_owned()))
            .unwrap(),
    );
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    assert_eq!(
        rows(&session, "select $1::int as a", json!([7])).await,
        json!([{"a": 7}])
    );
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    assert!(!slow.is_finished());
    slow.await.unwrap().unwrap();
    // An error is that of its statement alone.
    let failed = query(&session, "select $1::int as a", json!(["x"]))
        .await
        .unwrap_err();
    assert_eq!(failed.code, "sql");
    // A changed schema is noticed here, too.
    query(&session, "create table t (a int)", json!([]))
        .await
        .unwrap();
    for _ in 0..5 {
        assert_eq!(
            rows(&session, "select * from t", json!([])).await,
            json!([])
        );
    }
    query(&session, "alter table t add column b int", json!([]))
        .await
        .unwrap();
    query(&session, "insert into t values (1, 2)", json!([]))
        .await
        .unwrap();
    assert_eq!(
        rows(&session, "select * from t", json!([])).await,
        json!([{"a": 1, "b": 2}])
    );
}

#[tokio::test]
async fn too_many_operations_that_wait() {
    let fixture = fixture_with(SqlLimits {
        pool: 1,
        wait: Duration::from_secs(20),
        ..SqlLimits::default()
    })
    .await;
    let session = fixture.session();
    let transaction = begin(&session, json!({})).await;
    let head = json!({"database": "main", "sql": "select 1 as a"}).to_string();
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..64 {
        waiting.spawn(session.run("sql.query", &head, Payload::Empty).unwrap());
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    refused(&session, "too many operations wait", Duration::from_secs(5)).await;
    end(&session, "sql.commit", transaction).await.unwrap();
    while let Some(result) = waiting.join_next().await {
        result.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_server_whose_disk_is_full() {
    // Segments of the write-ahead log have 16 MiB.
    let fixture = on(Server::with_small_files(17 << 20), SqlLimits::default()).await;
    let session = fixture.session();
    query(&session, "create table t (a text)", json!([]))
        .await
        .unwrap();
    query(
        &session,
        "alter table t alter a set storage external",
        json!([]),
    )
    .await
    .unwrap();
    query(&session, "insert into t values ('first')", json!([]))
        .await
        .unwrap();
    let large = "insert into t select repeat('a', 1000000) from generate_series(1, 40)";
    let failed = query(&session, large, json!([])).await.unwrap_err();
    assert_eq!(failed.code, "sql", "{failed}");
    assert!(
        failed.message.contains("could not extend file")
            || failed.message.contains("could not write"),
        "{failed}"
    );
    assert!(failed.details["sqlstate"].is_string());
    let transaction = begin(&session, json!({})).await;
    within(
        &session,
        transaction,
        "insert into t values ('second')",
        json!([]),
    )
    .await
    .unwrap();
    let failed = within(&session, transaction, large, json!([])).await;
    assert_eq!(failed.unwrap_err().code, "sql");
    assert!(end(&session, "sql.commit", transaction).await.is_err());
    query(&session, "insert into t values ('last')", json!([]))
        .await
        .unwrap();
    assert_eq!(
        rows(&session, "select a from t order by a", json!([])).await,
        json!([{"a": "first"}, {"a": "last"}])
    );
}
