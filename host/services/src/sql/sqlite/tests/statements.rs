//! Values, columns and placeholders.

use super::*;

#[tokio::test]
async fn values_round_trip() {
    for fixture in [file(), memory()] {
        let session = fixture.session();
        let params = json!([
            null, true, -7, 1.5, "it's \u{0}\u{1f600}", {"int": "9007199254740993"}, {"decimal": "1.50"}, {"bytes": "AAH/"},
            {"timestamp": "2026-01-02T03:04:05.678Z"}, {"uuid": "00000000-0000-0000-0000-000000000001"}, {"json": {"a": [1]}},
            {"float": "Infinity"}
        ]);
        let sql = "select $1 as a, $2 as b, $3 as c, $4 as d, $5 as e, $6 as f, $7 as g, $8 as h, $9 as i, $10 as j, $11 as k, $12 as l";
        let outcome = query(&session, sql, params).await.unwrap();
        assert_eq!(
            serde_json::from_slice::<Value>(outcome.body.as_bytes()).unwrap(),
            json!([{
                "a": null, "b": 1, "c": -7, "d": 1.5, "e": "it's \u{0}\u{1f600}", "f": "9007199254740993", "g": "1.50", "h": "AAH/",
                "i": "2026-01-02T03:04:05.678Z", "j": "00000000-0000-0000-0000-000000000001", "k": "{\"a\":[1]}", "l": "Infinity"
            }])
        );
        assert_eq!(
            head(&outcome),
            json!({"changes": 0, "types": {"f": "int", "h": "bytes", "l": "float"}})
        );
    }
}

#[tokio::test]
async fn placeholders_by_position_and_number() {
    let fixture = memory();
    let session = fixture.session();
    assert_eq!(
        rows(&session, "select $2 as a, $1 as b, $2 as c", json!([1, 2])).await,
        json!([{"a": 2, "b": 1, "c": 2}])
    );
    assert_eq!(
        rows(&session, "select ? as a, ? as b", json!([1, 2])).await,
        json!([{"a": 1, "b": 2}])
    );
    assert_eq!(
        rows(&session, "select ?2 as a, ?1 as b", json!([1, 2])).await,
        json!([{"a": 2, "b": 1}])
    );
    for (sql, params, part) in [
        ("select $1", json!([]), "1 placeholders, but 0 parameters"),
        (
            "select $1",
            json!([1, 2]),
            "1 placeholders, but 2 parameters",
        ),
        ("select $2", json!([1]), "2 placeholders, but 1 parameters"),
        ("select 1", json!([1]), "0 placeholders, but 1 parameters"),
        ("select :name", json!([1]), "`:name` has a name"),
        ("select $0", json!([1]), "`$0` has a name"),
        ("select $1", json!([{"array": [1]}]), "is an array"),
        ("select $1", json!([u64::MAX]), "18446744073709551615"),
    ] {
        let failed = query(&session, sql, params).await.unwrap_err();
        assert_eq!(failed.code, "invalid", "{sql}");
        assert!(failed.message.contains(part), "{sql}: {}", failed.message);
    }
}

#[tokio::test]
async fn changes_and_last_id() {
    for fixture in [file(), memory()] {
        let session = fixture.session();
        let outcome = query(
            &session,
            "create table t (id integer primary key, a text unique)",
            json!([]),
        )
        .await
        .unwrap();
        assert_eq!(head(&outcome), json!({"changes": 0}));
        let outcome = query(&session, "insert into t (a) values ('x'), ('y')", json!([]))
            .await
            .unwrap();
        assert_eq!(head(&outcome), json!({"changes": 2, "last_id": 2}));
        assert_eq!(outcome.body, Payload::Json("[]".to_owned()));
        // Nothing inserted: the id would be that of someone else's row.
        let outcome = query(
            &session,
            "insert or ignore into t (a) values ('x')",
            json!([]),
        )
        .await
        .unwrap();
        assert_eq!(head(&outcome), json!({"changes": 0}));
        let outcome = query(
            &session,
            "insert into t (a) values ('z') returning id, a",
            json!([]),
        )
        .await
        .unwrap();
        assert_eq!(head(&outcome), json!({"changes": 1, "last_id": 3}));
        assert_eq!(
            outcome.body,
            Payload::Json(r#"[{"id":3,"a":"z"}]"#.to_owned())
        );
        let outcome = query(
            &session,
            "update t set a = a || '!' where id < 3",
            json!([]),
        )
        .await
        .unwrap();
        assert_eq!(head(&outcome), json!({"changes": 2}));
        let sql = "with gone as (select 3 as id) delete from t where id in (select id from gone)";
        assert_eq!(
            head(&query(&session, sql, json!([])).await.unwrap()),
            json!({"changes": 1})
        );
        assert_eq!(
            head(&query(&session, "select * from t", json!([])).await.unwrap()),
            json!({"changes": 0})
        );
    }
}

#[tokio::test]
async fn columns_follow_a_changed_schema() {
    let fixture = file();
    let session = fixture.session();
    query(&session, "create table t (a)", json!([]))
        .await
        .unwrap();
    query(&session, "insert into t values (1)", json!([]))
        .await
        .unwrap();
    assert_eq!(
        rows(&session, "select * from t", json!([])).await,
        json!([{"a": 1}])
    );
    query(&session, "alter table t add column b default 2", json!([]))
        .await
        .unwrap();
    assert_eq!(
        rows(&session, "select * from t", json!([])).await,
        json!([{"a": 1, "b": 2}])
    );
}

#[tokio::test]
async fn columns_that_cannot_be_told_apart() {
    let fixture = file();
    let session = fixture.session();
    let failed = query(&session, "select 1 as id, 2 as id where false", json!([]))
        .await
        .unwrap_err();
    assert!(
        failed.message.contains("two columns with the name `id`"),
        "{}",
        failed.message
    );
    let failed = query(
        &session,
        "select 'a' as a union all select x'00'",
        json!([]),
    )
    .await
    .unwrap_err();
    assert!(
        failed
            .message
            .contains("`a` contains values of the type `bytes`"),
        "{}",
        failed.message
    );
}

#[tokio::test]
async fn heads() {
    let fixture = memory();
    let session = fixture.session();
    assert!(session.run("sql.copy", "{}", Payload::Empty).is_none());
    for (kind, head, code, part) in [
        ("sql.query", "", "invalid", "head of `sql.query`"),
        (
            "sql.query",
            r#"{"database": "main", "sql": "select 1", "limit": 1}"#,
            "invalid",
            "unknown field `limit`",
        ),
        (
            "sql.query",
            r#"{"sql": "select 1"}"#,
            "invalid",
            "no member `database`",
        ),
        (
            "sql.query",
            r#"{"database": "other", "sql": "select 1"}"#,
            "denied",
            "`[grants.sql]`",
        ),
        (
            "sql.query",
            r#"{"transaction": 9, "sql": "select 1"}"#,
            "invalid",
            "has ended",
        ),
        (
            "sql.begin",
            r#"{"database": "main", "isolation": "chaos"}"#,
            "invalid",
            "unknown variant",
        ),
        (
            "sql.commit",
            r#"{"transaction": 9}"#,
            "invalid",
            "has ended",
        ),
    ] {
        let failed = session
            .run(kind, head, Payload::Empty)
            .unwrap()
            .await
            .unwrap_err();
        assert_eq!(failed.code, code, "{head}");
        assert!(failed.message.contains(part), "{head}: {}", failed.message);
    }
    let failed = Session::default()
        .run(
            "sql.query",
            r#"{"database": "main", "sql": ""}"#,
            Payload::Empty,
        )
        .unwrap()
        .await;
    assert_eq!(failed.unwrap_err().code, "denied");
}
