//! Transactions.

use std::time::Duration;

use super::*;

async fn table(session: &Session) {
    query(
        session,
        "create table t (a int unique deferrable initially immediate)",
        json!([]),
    )
    .await
    .expect("a table");
}

const COUNT: &str = "select count(*)::int as n from t";
const IN_TRANSACTION: &str = "select count(*)::int as n from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'";

#[tokio::test]
async fn commit_and_rollback() {
    let fixture = fixture().await;
    let (session, other) = (fixture.session(), fixture.session());
    table(&session).await;
    let transaction = begin(&session, json!({})).await;
    within(
        &session,
        transaction,
        "insert into t values ($1)",
        json!([1]),
    )
    .await
    .unwrap();
    assert_eq!(rows(&other, COUNT, json!([])).await, json!([{"n": 0}]));
    end(&session, "sql.commit", transaction).await.unwrap();
    let transaction = begin(&session, json!({})).await;
    within(
        &session,
        transaction,
        "insert into t values ($1)",
        json!([2]),
    )
    .await
    .unwrap();
    end(&session, "sql.rollback", transaction).await.unwrap();
    assert_eq!(rows(&other, COUNT, json!([])).await, json!([{"n": 1}]));
    assert!(
        end(&session, "sql.commit", transaction)
            .await
            .unwrap_err()
            .message
            .contains("has ended")
    );
}

#[tokio::test]
async fn a_dropped_task_rolls_back() {
    let fixture = fixture_with(SqlLimits {
        pool: 2,
        ..SqlLimits::default()
    })
    .await;
    let other = fixture.session();
    table(&other).await;
    for _ in 0..5 {
        let session = fixture.session();
        let transaction = begin(&session, json!({})).await;
        within(&session, transaction, "insert into t values (1)", json!([]))
            .await
            .unwrap();
        drop(session);
    }
    // All five connections are back: the pool has two.
    query(&other, "insert into t values (1)", json!([]))
        .await
        .unwrap();
    assert_eq!(
        rows(&other, IN_TRANSACTION, json!([])).await,
        json!([{"n": 0}])
    );
}

#[tokio::test]
async fn a_dropped_statement_is_cancelled() {
    let fixture = fixture().await;
    let session = fixture.session();
    table(&session).await;
    let transaction = begin(&session, json!({})).await;
    within(&session, transaction, "insert into t values (1)", json!([]))
        .await
        .unwrap();
    let head = json!({"transaction": transaction, "sql": "select pg_sleep(60) as a"}).to_string();
    let in_transaction = session.run("sql.query", &head, Payload::Empty).unwrap();
    let head = json!({"database": "main", "sql": "select pg_sleep(60) as a"}).to_string();
    let alone = session.run("sql.query", &head, Payload::Empty).unwrap();
    for pending in [in_transaction, alone] {
        assert!(
            tokio::time::timeout(Duration::from_millis(100), pending)
                .await
                .is_err()
        );
    }
    eventually(&fixture.session(), IN_TRANSACTION, json!([{"n": 0}])).await;
    assert!(
        within(&session, transaction, "select 1 as a", json!([]))
            .await
            .unwrap_err()
            .message
            .contains("has ended")
    );
    assert_eq!(rows(&session, COUNT, json!([])).await, json!([{"n": 0}]));
}

#[tokio::test]
async fn the_commit_of_a_failed_transaction_is_an_error() {
    let fixture = fixture().await;
    let session = fixture.session();
    table(&session).await;
    let transaction = begin(&session, json!({})).await;
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
    let failed = end(&session, "sql.commit", transaction).await.unwrap_err();
    assert!(
        failed.message.contains("was rolled back"),
        "{}",
        failed.message
    );
    assert_eq!(rows(&session, COUNT, json!([])).await, json!([{"n": 0}]));
    // With a savepoint the transaction survives.
    let transaction = begin(&session, json!({})).await;
    for sql in ["insert into t values (1)", "savepoint a"] {
        within(&session, transaction, sql, json!([])).await.unwrap();
    }
    within(&session, transaction, "insert into t values (1)", json!([]))
        .await
        .unwrap_err();
    within(&session, transaction, "rollback to a", json!([]))
        .await
        .unwrap();
    end(&session, "sql.commit", transaction).await.unwrap();
    assert_eq!(rows(&session, COUNT, json!([])).await, json!([{"n": 1}]));
    // A deferred constraint fails at the commit.
    let transaction = begin(&session, json!({})).await;
    within(
        &session,
        transaction,
        "set constraints all deferred",
        json!([]),
    )
    .await
    .unwrap();
    within(&session, transaction, "insert into t values (1)", json!([]))
        .await
        .unwrap();
    assert_eq!(
        end(&session, "sql.commit", transaction)
            .await
            .unwrap_err()
            .code,
        "unique"
    );
    assert_eq!(rows(&session, COUNT, json!([])).await, json!([{"n": 1}]));
}

#[tokio::test]
async fn isolation_and_read_only() {
    let fixture = fixture().await;
    let (session, other) = (fixture.session(), fixture.session());
    table(&session).await;
    let transaction = begin(&session, json!({"read_only": true})).await;
    assert_eq!(
        within(&session, transaction, "insert into t values (1)", json!([]))
            .await
            .unwrap_err()
            .code,
        "read-only"
    );
    end(&session, "sql.rollback", transaction).await.unwrap();
    let mut transactions = Vec::new();
    for (session, value) in [(&session, 1), (&other, 2)] {
        let transaction = begin(session, json!({"isolation": "serializable"})).await;
        within(session, transaction, COUNT, json!([]))
            .await
            .unwrap();
        within(
            session,
            transaction,
            "insert into t values ($1)",
            json!([value]),
        )
        .await
        .unwrap();
        transactions.push(transaction);
    }
    end(&session, "sql.commit", transactions[0]).await.unwrap();
    assert_eq!(
        end(&other, "sql.commit", transactions[1])
            .await
            .unwrap_err()
            .code,
        "serialization"
    );
}
