//! Transactions.

use std::time::Duration;

use super::*;

async fn table(session: &Session) {
    query(session, "create table t (a integer unique)", json!([]))
        .await
        .unwrap();
}

async fn count(session: &Session) -> Value {
    rows(session, "select count(*) as n from t", json!([])).await[0]["n"].clone()
}

#[tokio::test]
async fn commit_and_rollback() {
    for fixture in [file(), memory()] {
        let session = fixture.session();
        table(&session).await;
        let first = begin(&session, false).await;
        within(&session, first, "insert into t values ($1)", json!([1]))
            .await
            .unwrap();
        assert_eq!(
            within(&session, first, "select a from t", json!([]))
                .await
                .unwrap(),
            json!([{"a": 1}])
        );
        end(&session, "sql.commit", first).await.unwrap();
        let second = begin(&session, false).await;
        assert_ne!(first, second);
        within(&session, second, "insert into t values (2)", json!([]))
            .await
            .unwrap();
        end(&session, "sql.rollback", second).await.unwrap();
        assert_eq!(count(&session).await, 1);
        assert_eq!(
            end(&session, "sql.commit", second).await.unwrap_err().code,
            "invalid"
        );
    }
}

#[tokio::test]
async fn other_tasks_see_only_what_is_committed() {
    let fixture = file();
    let (session, other) = (fixture.session(), fixture.session());
    table(&session).await;
    let transaction = begin(&session, false).await;
    within(&session, transaction, "insert into t values (1)", json!([]))
        .await
        .unwrap();
    assert_eq!(count(&other).await, 0);
    // The number is one of another task.
    assert_eq!(
        within(&other, transaction, "select 1", json!([]))
            .await
            .unwrap_err()
            .code,
        "invalid"
    );
    end(&session, "sql.commit", transaction).await.unwrap();
    assert_eq!(count(&other).await, 1);
}

#[tokio::test]
async fn a_dropped_task_rolls_back() {
    for fixture in [file(), memory()] {
        let session = fixture.session();
        table(&session).await;
        let transaction = begin(&session, false).await;
        within(&session, transaction, "insert into t values (1)", json!([]))
            .await
            .unwrap();
        // A statement in progress, which outlives the task.
        let slow = "insert into t with recursive n(i) as (select 2 union all select i + 1 from n) select i from n";
        let pending = session
            .run(
                "sql.query",
                &json!({"transaction": transaction, "sql": slow}).to_string(),
                Payload::Empty,
            )
            .unwrap();
        let pending = tokio::spawn(pending);
        tokio::time::sleep(Duration::from_millis(50)).await;
        drop(session);
        pending.abort();
        assert!(pending.await.unwrap_err().is_cancelled());
        // The writer is free again as soon as the statement has stopped.
        let other = fixture.session();
        let started = std::time::Instant::now();
        query(&other, "insert into t values (7)", json!([]))
            .await
            .unwrap();
        assert!(
            started.elapsed() < Duration::from_secs(2),
            "{:?}",
            started.elapsed()
        );
        assert_eq!(
            rows(&other, "select a from t", json!([])).await,
            json!([{"a": 7}])
        );
    }
}

#[tokio::test]
async fn a_dropped_statement_ends_its_transaction() {
    let fixture = file();
    let session = fixture.session();
    table(&session).await;
    let transaction = begin(&session, false).await;
    let slow =
        "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n";
    let head = json!({"transaction": transaction, "sql": slow}).to_string();
    let pending = session.run("sql.query", &head, Payload::Empty).unwrap();
    assert!(
        tokio::time::timeout(Duration::from_millis(50), pending)
            .await
            .is_err()
    );
    let failed = within(&session, transaction, "select 1", json!([]))
        .await
        .unwrap_err();
    assert!(failed.message.contains("has ended"), "{}", failed.message);
    query(&session, "insert into t values (1)", json!([]))
        .await
        .unwrap();
}

#[tokio::test]
async fn read_only_transactions_have_a_snapshot() {
    for (fixture, in_file) in [(file(), true), (memory(), false)] {
        let session = fixture.session();
        table(&session).await;
        let transaction = begin(&session, true).await;
        let n = within(
            &session,
            transaction,
            "select count(*) as n from t",
            json!([]),
        )
        .await
        .unwrap();
        assert_eq!(n, json!([{"n": 0}]));
        if in_file {
            query(&session, "insert into t values (1)", json!([]))
                .await
                .unwrap();
            let n = within(
                &session,
                transaction,
                "select count(*) as n from t",
                json!([]),
            )
            .await
            .unwrap();
            assert_eq!(n, json!([{"n": 0}]));
        }
        let failed = within(&session, transaction, "insert into t values (2)", json!([]))
            .await
            .unwrap_err();
        assert_eq!(failed.code, "read-only");
        end(&session, "sql.commit", transaction).await.unwrap();
        query(&session, "insert into t values (3)", json!([]))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn errors_and_savepoints_keep_the_transaction() {
    let fixture = file();
    let session = fixture.session();
    table(&session).await;
    let transaction = begin(&session, false).await;
    within(&session, transaction, "insert into t values (1)", json!([]))
        .await
        .unwrap();
    assert_eq!(
        within(&session, transaction, "insert into t values (1)", json!([]))
            .await
            .unwrap_err()
            .code,
        "unique"
    );
    within(&session, transaction, "savepoint a", json!([]))
        .await
        .unwrap();
    within(&session, transaction, "insert into t values (2)", json!([]))
        .await
        .unwrap();
    within(&session, transaction, "rollback to a", json!([]))
        .await
        .unwrap();
    within(&session, transaction, "release a", json!([]))
        .await
        .unwrap();
    assert_eq!(
        within(&session, transaction, "commit", json!([]))
            .await
            .unwrap_err()
            .code,
        "invalid"
    );
    end(&session, "sql.commit", transaction).await.unwrap();
    assert_eq!(
        rows(&session, "select a from t", json!([])).await,
        json!([{"a": 1}])
    );
}

#[tokio::test]
async fn a_statement_can_end_the_transaction() {
    let fixture = file();
    let session = fixture.session();
    table(&session).await;
    let transaction = begin(&session, false).await;
    within(&session, transaction, "insert into t values (1)", json!([]))
        .await
        .unwrap();
    let failed = within(
        &session,
        transaction,
        "insert or rollback into t values (1)",
        json!([]),
    )
    .await
    .unwrap_err();
    assert_eq!(failed.code, "unique");
    assert!(
        end(&session, "sql.commit", transaction)
            .await
            .unwrap_err()
            .message
            .contains("has ended")
    );
    assert_eq!(count(&session).await, 0);
}

#[tokio::test]
async fn a_commit_that_fails_rolls_back() {
    let fixture = file();
    let session = fixture.session();
    query(
        &session,
        "create table t (a integer primary key, b references t (a) deferrable initially deferred)",
        json!([]),
    )
    .await
    .unwrap();
    let transaction = begin(&session, false).await;
    within(
        &session,
        transaction,
        "insert into t values (1, 9)",
        json!([]),
    )
    .await
    .unwrap();
    assert_eq!(
        end(&session, "sql.commit", transaction)
            .await
            .unwrap_err()
            .code,
        "foreign-key"
    );
    assert_eq!(count(&session).await, 0);
    query(&session, "insert into t values (1, 1)", json!([]))
        .await
        .unwrap();
}

#[tokio::test]
async fn too_many_transactions() {
    let fixture = file();
    let session = fixture.session();
    for _ in 0..16 {
        begin(&session, true).await;
    }
    let failed = run(
        &session,
        "sql.begin",
        json!({"database": "main", "read_only": true}),
        Value::Null,
    )
    .await
    .unwrap_err();
    assert_eq!(failed.code, "too-many");
}
