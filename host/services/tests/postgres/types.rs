//! Values of all types, in both directions.

use super::*;

#[tokio::test]
async fn scalars_round_trip() {
    let fixture = fixture().await;
    let session = fixture.session();
    query(
        &session,
        "create type mood as enum ('sad', 'glad')",
        json!([]),
    )
    .await
    .unwrap();
    query(
        &session,
        "create domain positive as int check (value > 0)",
        json!([]),
    )
    .await
    .unwrap();
    for (ty, param, expected, special) in [
        ("bool", json!(true), json!(true), None),
        ("int2", json!(-7), json!(-7), None),
        ("int4", json!(7.0), json!(7), None),
        (
            "int8",
            json!(9_007_199_254_740_991_i64),
            json!(9_007_199_254_740_991_i64),
            None,
        ),
        (
            "int8",
            json!({"int": "-9007199254740993"}),
            json!("-9007199254740993"),
            Some("int"),
        ),
        ("float4", json!(0.1), json!(0.1), None),
        ("float8", json!(1e300), json!(1e300), None),
        ("float8", json!("NaN"), json!("NaN"), Some("float")),
        (
            "float4",
            json!({"float": "-Infinity"}),
            json!("-Infinity"),
            Some("float"),
        ),
        (
            "numeric",
            json!({"decimal": "-12345678901234567890.0100"}),
            json!("-12345678901234567890.0100"),
            Some("decimal"),
        ),
        ("numeric(10, 2)", json!(1.5), json!("1.50"), Some("decimal")),
        (
            "text",
            json!("a\u{1f600}\n\"\\"),
            json!("a\u{1f600}\n\"\\"),
            None,
        ),
        ("text", json!(7), json!("7"), None),
        ("varchar(3)", json!("abc"), json!("abc"), None),
        ("char(3)", json!("a"), json!("a  "), None),
        ("name", json!("n"), json!("n"), None),
        (
            "bytea",
            json!({"bytes": "AAH/"}),
            json!("AAH/"),
            Some("bytes"),
        ),
        (
            "uuid",
            json!({"uuid": "00112233-4455-6677-8899-aabbccddeeff"}),
            json!("00112233-4455-6677-8899-aabbccddeeff"),
            Some("uuid"),
        ),
        (
            "json",
            json!({"json": {"b": [1, null]}}),
            json!({"b": [1, null]}),
            None,
        ),
        ("jsonb", json!({"json": "text"}), json!("text"), None),
        ("jsonb", json!("[1]"), json!([1]), None),
        (
            "date",
            json!({"date": "2026-01-02"}),
            json!("2026-01-02"),
            Some("date"),
        ),
        ("date", json!("infinity"), json!("infinity"), Some("date")),
        (
            "time",
            json!({"time": "03:04:05.5"}),
            json!("03:04:05.500"),
            Some("time"),
        ),
        (
            "timestamp",
            json!("2026-01-02 03:04:05.000001"),
            json!("2026-01-02T03:04:05.000001"),
            Some("timestamp"),
        ),
        (
            "timestamptz",
            json!({"timestamp": "2026-01-02T03:04:05.678+02:00"}),
            json!("2026-01-02T01:04:05.678Z"),
            Some("timestamp"),
        ),
        (
            "timestamptz",
            json!("0044-03-15 12:00:00 BC"),
            json!("-000043-03-15T12:00:00Z"),
            Some("timestamp"),
        ),
        ("mood", json!("glad"), json!("glad"), None),
        ("positive", json!(3), json!(3), None),
        ("oid", json!(7), json!(7), None),
        ("\"char\"", json!("c"), json!("c"), None),
        (
            "int4[]",
            json!({"array": [1, null, 3]}),
            json!([1, null, 3]),
            None,
        ),
        ("int4[]", json!({"array": []}), json!([]), None),
        (
            "text[]",
            json!({"array": ["a,\"b\\", "", "NULL"]}),
            json!(["a,\"b\\", "", "NULL"]),
            None,
        ),
        (
            "text[]",
            json!({"array": [{"array": ["a"]}, {"array": ["b"]}]}),
            json!([["a"], ["b"]]),
            None,
        ),
        (
            "bytea[]",
            json!({"array": [{"bytes": "AAH/"}]}),
            json!(["AAH/"]),
            Some("bytes"),
        ),
        (
            "int8[]",
            json!({"array": [{"int": "9007199254740993"}]}),
            json!(["9007199254740993"]),
            Some("int"),
        ),
        (
            "jsonb[]",
            json!({"array": [{"json": {"a": 1}}]}),
            json!([{"a": 1}]),
            None,
        ),
        ("mood[]", json!({"array": ["sad"]}), json!(["sad"]), None),
    ] {
        let sql = format!("select $1::{ty} as v");
        let outcome = query(&session, &sql, json!([param]))
            .await
            .unwrap_or_else(|failed| panic!("{sql}: {failed}"));
        assert_eq!(body(&outcome), json!([{"v": expected}]), "{sql}");
        assert_eq!(head(&outcome)["types"]["v"], json!(special), "{sql}");
        let sql = format!("select null::{ty} as v");
        assert_eq!(
            rows(&session, &sql, json!([])).await,
            json!([{"v": null}]),
            "{sql}"
        );
    }
}

#[tokio::test]
async fn types_that_cannot_be_read() {
    let fixture = fixture().await;
    let session = fixture.session();
    for (sql, ty) in [
        ("select '10.0.0.1'::inet as a", "inet"),
        ("select '1 day'::interval as a", "interval"),
        ("select row(1, 2) as a", "record"),
    ] {
        let failed = query(&session, sql, json!([])).await.unwrap_err();
        assert_eq!(failed.code, "invalid");
        assert!(
            failed.message.contains(ty) && failed.message.contains("`a::text`"),
            "{}",
            failed.message
        );
    }
    assert_eq!(
        rows(&session, "select '10.0.0.1'::inet::text as a", json!([])).await,
        json!([{"a": "10.0.0.1/32"}])
    );
    assert_eq!(
        rows(&session, "select pg_sleep(0) as a", json!([])).await,
        json!([{"a": null}])
    );
}

#[tokio::test]
async fn parameters_that_do_not_fit() {
    let fixture = fixture().await;
    let session = fixture.session();
    for (sql, params, code, part) in [
        ("select $1::text as a", json!(["a\u{0}b"]), "invalid", "NUL"),
        (
            "select $1::text[] as a",
            json!([{"array": ["\u{0}"]}]),
            "invalid",
            "NUL",
        ),
        ("select 1 \u{0}", json!([]), "invalid", "NUL"),
        (
            "select $1::int as a",
            json!([]),
            "invalid",
            "1 placeholders, but 0 parameters",
        ),
        (
            "select 1 as a",
            json!([1]),
            "invalid",
            "0 placeholders, but 1 parameters",
        ),
        (
            "select $1::int as a",
            json!(["x"]),
            "sql",
            "invalid input syntax for type integer",
        ),
        (
            "select $1::int as a",
            json!([{"array": [1]}]),
            "invalid",
            "`$1::int4[]`",
        ),
        ("select 1 as a, 2 as a", json!([]), "invalid", "two columns"),
    ] {
        let failed = query(&session, sql, params).await.unwrap_err();
        assert_eq!(failed.code, code, "{sql}: {}", failed.message);
        assert!(failed.message.contains(part), "{sql}: {}", failed.message);
    }
    // The connection is still good, and the only one.
    let count =
        "select count(*)::int as n from pg_stat_activity where datname = current_database()";
    assert_eq!(rows(&session, count, json!([])).await, json!([{"n": 1}]));
}

#[tokio::test]
async fn numbers_of_changes() {
    let fixture = fixture().await;
    let session = fixture.session();
    for (sql, changes) in [
        ("create table t (a int primary key)", 0),
        ("insert into t select generate_series(1, 5)", 5),
        ("select a from t", 0),
        ("update t set a = a + 10 where a > 3 returning a", 2),
        (
            "with gone as (delete from t where a > 10 returning a) select a from gone",
            0,
        ),
        (
            "with old as (select 1 as a) delete from t using old where t.a = old.a",
            1,
        ),
        ("insert into t values (2) on conflict do nothing", 0),
    ] {
        let outcome = query(&session, sql, json!([])).await.unwrap();
        assert_eq!(head(&outcome)["changes"], changes, "{sql}");
        assert!(head(&outcome).get("last_id").is_none());
    }
}
