//! Errors of the database, and statements that are not allowed.

use super::*;

async fn failure(session: &Session, sql: &str, params: Value) -> Value {
    let failed = query(session, sql, params).await.expect_err("an error");
    serde_json::from_str(&failed.head()).expect("JSON")
}

#[tokio::test]
async fn constraints_name_what_failed() {
    let fixture = fixture().await;
    let session = fixture.session();
    query(
        &session,
        "create table t (id int primary key, a text not null, b text, c int constraint positive check (c > 0), \
         d int constraint parent references t (id), constraint pair unique (a, b))",
        json!([]),
    )
    .await
    .unwrap();
    let insert = "insert into t values ($1, $2, $3, $4, $5)";
    query(&session, insert, json!([1, "x", "y", 1, null]))
        .await
        .unwrap();
    for (params, expected) in [
        (
            json!([2, "x", "y", 1, null]),
            json!({"code": "unique", "constraint": "pair", "table": "t", "columns": ["a", "b"], "sqlstate": "23505"}),
        ),
        (
            json!([2, null, "y", 1, null]),
            json!({"code": "not-null", "table": "t", "columns": ["a"], "sqlstate": "23502"}),
        ),
        (
            json!([2, "z", "y", 0, null]),
            json!({"code": "check", "constraint": "positive", "table": "t", "sqlstate": "23514"}),
        ),
        (
            json!([2, "z", "y", 1, 9]),
            json!({"code": "foreign-key", "constraint": "parent", "table": "t", "columns": ["d"], "sqlstate": "23503"}),
        ),
    ] {
        let mut failed = failure(&session, insert, params).await;
        assert!(
            failed["message"].as_str().unwrap().contains("constraint"),
            "{failed}"
        );
        failed.as_object_mut().unwrap().remove("message");
        assert_eq!(failed, expected);
    }
}

#[tokio::test]
async fn wrong_statements() {
    let fixture = fixture().await;
    let session = fixture.session();
    for (sql, code, part) in [
        ("selct 1", "syntax", "at or near \"selct\" (at character 1)"),
        ("select * from nowhere", "sql", "\"nowhere\" does not exist"),
        ("select 1; select 2", "syntax", "multiple commands"),
        ("select 1 / 0 as a", "sql", "division by zero"),
        ("", "invalid", "empty"),
        ("begin", "invalid", "sql.begin"),
        (";/* a */ commit", "invalid", "sql.begin"),
        ("savepoint a", "invalid", "only in a transaction"),
        ("copy pg_class to stdout", "invalid", "`copy`"),
    ] {
        let failed = failure(&session, sql, json!([])).await;
        assert_eq!(failed["code"], code, "{sql}: {failed}");
        assert!(
            failed["message"].as_str().unwrap().contains(part),
            "{sql}: {failed}"
        );
    }
    assert_eq!(
        rows(&session, "select 1 as a", json!([])).await,
        json!([{"a": 1}])
    );
}

#[tokio::test]
async fn settings_do_not_reach_the_next_user() {
    let fixture = fixture_with(SqlLimits {
        pool: 1,
        ..SqlLimits::default()
    })
    .await;
    let session = fixture.session();
    for sql in [
        "set search_path = elsewhere",
        "select set_config('search_path', 'elsewhere', false) as a",
        "create temp table secret (a int)",
        "select pg_advisory_lock(1) as a",
    ] {
        query(&session, sql, json!([])).await.unwrap();
        assert_eq!(
            rows(&session, "show search_path", json!([])).await,
            json!([{"search_path": "\"$user\", public"}]),
            "{sql}"
        );
        assert_eq!(
            rows(
                &session,
                "select to_regclass('secret')::text as a",
                json!([])
            )
            .await,
            json!([{"a": null}]),
            "{sql}"
        );
    }
    let locks = "select count(*)::int as n from pg_locks where locktype = 'advisory'";
    eventually(&session, locks, json!([{"n": 0}])).await;
}

#[tokio::test]
async fn a_changed_schema_is_noticed() {
    let fixture = fixture().await;
    let session = fixture.session();
    query(&session, "create table t (a int)", json!([]))
        .await
        .unwrap();
    query(&session, "insert into t values (1)", json!([]))
        .await
        .unwrap();
    assert_eq!(
        rows(&session, "select * from t", json!([])).await,
        json!([{"a": 1}])
    );
    query(
        &session,
        "alter table t add column b int default 2",
        json!([]),
    )
    .await
    .unwrap();
    assert_eq!(
        rows(&session, "select * from t", json!([])).await,
        json!([{"a": 1, "b": 2}])
    );
}

#[tokio::test]
async fn logins_that_fail() {
    let (log, _guard) = log::Log::start();
    let server = Server::shared();
    let url = server.url("postgres");
    for (url, reason) in [
        (
            url.replace(server::PASSWORD, "wrong-word"),
            "the user or the password",
        ),
        (server.url("nowhere"), "no database of this name"),
    ] {
        let failed = query(
            &Session::new(&open(&url, SqlLimits::default())),
            "select 1 as a",
            json!([]),
        )
        .await
        .unwrap_err();
        assert_eq!(failed.code, "unavailable");
        assert!(
            failed.message.contains(reason) && !failed.message.contains("wrong-word"),
            "{}",
            failed.message
        );
    }
    // The log has the reason, and no password either.
    let text = log.text();
    for reason in ["authentication failed", "does not exist"] {
        assert!(text.contains(reason), "{text}");
    }
    for secret in ["wrong-word", server::PASSWORD] {
        assert!(!text.contains(secret), "{text}");
    }
}
