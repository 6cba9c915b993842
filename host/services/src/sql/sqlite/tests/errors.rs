//! Errors of the database and of statements that are not allowed.

use super::*;

async fn failure(session: &Session, sql: &str, params: Value) -> Value {
    let failed = query(session, sql, params).await.unwrap_err();
    serde_json::from_str(&failed.head()).unwrap()
}

#[tokio::test]
async fn constraints_name_what_failed() {
    let fixture = file();
    let session = fixture.session();
    query(
        &session,
        "create table t (id integer primary key, a text not null, b text, c int constraint positive check (c > 0), \
         d int references t (id), unique (a, b))",
        json!([]),
    )
    .await
    .unwrap();
    let insert = "insert into t (a, b, c, d) values ($1, $2, $3, $4)";
    query(&session, insert, json!(["x", "y", 1, null]))
        .await
        .unwrap();
    for (params, expected) in [
        (
            json!(["x", "y", 1, null]),
            json!({"code": "unique", "table": "t", "columns": ["a", "b"], "sqlstate": "SQLITE_CONSTRAINT_UNIQUE"}),
        ),
        (
            json!([null, "y", 1, null]),
            json!({"code": "not-null", "table": "t", "columns": ["a"], "sqlstate": "SQLITE_CONSTRAINT_NOTNULL"}),
        ),
        (
            json!(["z", "y", 0, null]),
            json!({"code": "check", "constraint": "positive", "sqlstate": "SQLITE_CONSTRAINT_CHECK"}),
        ),
        (
            json!(["z", "y", 1, 9]),
            json!({"code": "foreign-key", "sqlstate": "SQLITE_CONSTRAINT_FOREIGNKEY"}),
        ),
    ] {
        let mut failed = failure(&session, insert, params).await;
        assert!(
            failed["message"]
                .as_str()
                .unwrap()
                .contains("constraint failed"),
            "{failed}"
        );
        failed.as_object_mut().unwrap().remove("message");
        assert_eq!(failed, expected);
    }
}

#[tokio::test]
async fn wrong_statements() {
    let fixture = file();
    let session = fixture.session();
    for (sql, code, part) in [
        ("selct 1", "syntax", "near \"selct\""),
        ("select 'a", "syntax", "unrecognized token"),
        ("select (", "syntax", "incomplete input"),
        ("select * from nowhere", "sql", "no such table: nowhere"),
        ("select \"misspelled\"", "sql", "no such column"),
        ("select 1; select 2", "invalid", "several statements"),
        ("", "invalid", "empty"),
        ("-- nothing", "invalid", "empty"),
        ("select 1\0", "invalid", "NUL"),
    ] {
        let failed = failure(&session, sql, json!([])).await;
        assert_eq!(failed["code"], code, "{sql}: {failed}");
        assert!(
            failed["message"].as_str().unwrap().contains(part),
            "{sql}: {failed}"
        );
    }
}

#[tokio::test]
async fn statements_that_reach_beyond_the_database() {
    let fixture = file();
    let session = fixture.session();
    query(&session, "create table t (a)", json!([]))
        .await
        .unwrap();
    for sql in [
        "attach '/tmp/other.db' as other",
        "vacuum into '/tmp/copy.db'",
        "select load_extension('/tmp/lib.so')",
        "pragma journal_mode = delete",
        "pragma query_only = off",
        "pragma temp_store_directory = '/tmp'",
        "pragma writable_schema = on",
        "create temp table s (a)",
        "create temp view v as select 1",
        "begin",
        "/* note */ commit",
        "rollback",
        "savepoint a",
        "release a",
    ] {
        let failed = failure(&session, sql, json!([])).await;
        assert_eq!(failed["code"], "invalid", "{sql}: {failed}");
        assert!(
            fixture
                .sqlite()
                .writer
                .try_lock()
                .unwrap()
                .raw
                .is_autocommit(),
            "{sql}"
        );
    }
    assert!(!std::path::Path::new("/tmp/copy.db").exists());
    assert_eq!(
        rows(&session, "pragma foreign_keys", json!([])).await,
        json!([{"foreign_keys": 1}])
    );
    assert_eq!(
        rows(
            &session,
            "select name from pragma_table_info('t')",
            json!([])
        )
        .await,
        json!([{"name": "a"}])
    );
}

#[test]
fn files_that_cannot_be_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing/app.db");
    let location = Location::parse(&format!("sqlite:{}", path.display())).unwrap();
    let error = Databases::open(
        &BTreeMap::from([("shop".to_owned(), location)]),
        SqlLimits::default(),
    )
    .unwrap_err();
    assert!(
        error.contains("database `shop`") && error.contains("does not exist; create it"),
        "{error}"
    );

    let path = folder.path().join("text.db");
    std::fs::write(
        &path,
        "this is a text file, and long enough for a header of a database".repeat(20),
    )
    .unwrap();
    let location = Location::parse(&format!("sqlite:{}", path.display())).unwrap();
    let error = Databases::open(
        &BTreeMap::from([("shop".to_owned(), location)]),
        SqlLimits::default(),
    )
    .unwrap_err();
    assert!(error.contains("not a database"), "{error}");
}
