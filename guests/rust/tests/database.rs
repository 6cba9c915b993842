//! Databases through the test client.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spikard_wasm_sdk::testing::TestClient;
use spikard_wasm_sdk::{
    App, Database, HttpError, Json, NotFound, OperationError, Path, Route, Row, TransactionOptions,
    blocking, params, sleep,
};

static DATABASE: Database = Database::new("main");

const SCHEMA: &str = "
    create table users (id integer primary key, name text not null, email text unique, age integer check (age >= 0));
    create table posts (id integer primary key, user integer not null references users (id), title text);
    insert into users (name, email, age) values ('Ann', 'ann@example.com', 36), ('Bo', null, null);
";

/// Runs `work` in a handler.
fn run<T: 'static>(work: impl AsyncFn() -> T + 'static) -> T {
    let result = std::rc::Rc::new(std::cell::RefCell::new(None));
    let set = result.clone();
    let work = std::rc::Rc::new(work);
    let handler = move || {
        let (set, work) = (set.clone(), work.clone());
        async move { *set.borrow_mut() = Some(work().await) }
    };
    let client = TestClient::new(App::new("app").route(Route::get("/", handler)))
        .with_database("main", SCHEMA);
    let reply = client.get("/").send();
    assert_eq!(reply.failure(), None);
    let result = result.borrow_mut().take();
    result.expect("a result")
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct User {
    id: i64,
    name: String,
    email: Option<String>,
}

#[test]
fn rows_are_structs_tuples_values_or_rows() {
    run(async || {
        let users: Vec<User> = DATABASE
            .query_as("select id, name, email from users order by id", ())
            .await?;
        assert_eq!(users.len(), 2);
        assert_eq!(users[0].email.as_deref(), Some("ann@example.com"));
        assert_eq!(users[1].email, None);

        let sql = "select id, name from users where name = $1";
        let pair: Option<(i64, String)> = DATABASE.first_as(sql, params!["Bo"]).await?;
        assert_eq!(pair, Some((2, "Bo".to_owned())));
        let map: Option<BTreeMap<String, Value>> = DATABASE.first_as(sql, ["Bo"]).await?;
        assert_eq!(map.map(|map| map.len()), Some(2));

        let count: Option<i64> = DATABASE.first_as("select count(*) from users", ()).await?;
        assert_eq!(count, Some(2));
        let oldest: Option<Option<i64>> = DATABASE
            .first_as("select max(age) from users where id = $1", (2,))
            .await?;
        assert_eq!(oldest, Some(None));
        let names: Vec<String> = DATABASE
            .query_as("select name from users order by name desc", ())
            .await?;
        assert_eq!(names, ["Bo", "Ann"]);

        let rows = DATABASE
            .query("select name, age from users order by id", ())
            .await?;
        assert_eq!(rows[0].get::<u8>("age")?, 36);
        assert_eq!(rows[1].get::<Option<u8>>("age")?, None);
        assert_eq!(rows[0].to::<(String, i64)>()?, ("Ann".to_owned(), 36));
        assert_eq!(
            serde_json::to_string(&rows).expect("json"),
            r#"[{"name":"Ann","age":36},{"name":"Bo","age":null}]"#
        );
        let missing = DATABASE.first("select 1 where 1 = 2", ()).await?;
        assert!(missing.is_none());
        Ok::<_, OperationError>(())
    })
    .expect("no error");
}

#[test]
fn values_that_json_cannot_express_come_back() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Values {
        int: i64,
        small: i64,
        float: f64,
        infinite: f64,
        bytes: Vec<u8>,
        none: Option<Vec<u8>>,
        some: Option<i64>,
        yes: bool,
        no: Option<bool>,
        json: Value,
        list: Vec<u8>,
        nested: BTreeMap<String, i64>,
        text: String,
    }

    run(async || {
        DATABASE
            .execute(
                "create table t (int, small, float, infinite, bytes, none, some, yes, no, json, list, nested, text)",
                (),
            )
            .await?;
        let done = DATABASE
            .execute(
                "insert into t values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
                params![
                    i64::MAX,
                    -1_i32,
                    1.0_f64,
                    f64::INFINITY,
                    vec![0_u8, 255],
                    None::<Vec<u8>>,
                    Some(i64::MIN),
                    true,
                    Some(false),
                    json!({"a": [1]}),
                    Json([1, 2]),
                    json!({"a": 1}),
                    "a\0\"ü\n",
                ],
            )
            .await?;
        assert_eq!((done.changes, done.last_id), (1, Some(1)));
        let row = DATABASE.first("select * from t", ()).await?;
        let row = row.expect("a row");
        let expected = Values {
            int: i64::MAX,
            small: -1,
            float: 1.0,
            infinite: f64::INFINITY,
            bytes: vec![0, 255],
            none: None,
            some: Some(i64::MIN),
            yes: true,
            no: Some(false),
            // SQLite stores JSON as text.
            json: json!(r#"{"a":[1]}"#),
            list: vec![1, 2],
            nested: BTreeMap::from([("a".to_owned(), 1)]),
            text: "a\0\"ü\n".to_owned(),
        };
        assert_eq!(row.to::<Values>()?, expected);
        let rows: Vec<Values> = DATABASE.query_as("select * from t", ()).await?;
        assert_eq!(rows, [expected]);
        assert_eq!(row.get::<i64>("int")?, i64::MAX);
        assert_eq!(row.get::<Option<Vec<u8>>>("bytes")?, Some(vec![0, 255]));
        let float: Option<f64> = DATABASE.first_as("select 1.0", ()).await?;
        assert_eq!(float, Some(1.0));
        let kind: Option<String> = DATABASE.first_as("select typeof(float) from t", ()).await?;
        assert_eq!(kind.as_deref(), Some("real"));
        Ok::<_, OperationError>(())
    })
    .expect("no error");
}

#[test]
fn types_of_other_crates_are_parameters_and_columns() {
    use std::str::FromStr;

    use chrono::{DateTime, NaiveDate, Utc};
    use rust_decimal::Decimal;
    use time::OffsetDateTime;
    use time::macros::datetime;
    use uuid::Uuid;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Values {
        uuid: Uuid,
        at: DateTime<Utc>,
        day: NaiveDate,
        price: Decimal,
        #[serde(with = "time::serde::rfc3339")]
        moment: OffsetDateTime,
    }

    run(async || {
        let expected = Values {
            uuid: Uuid::from_u128(7),
            at: "2026-01-02T03:04:05.678Z".parse().expect("a timestamp"),
            day: "2026-01-02".parse().expect("a date"),
            price: Decimal::from_str("1.50").expect("a decimal"),
            moment: datetime!(2026-01-02 03:04:05.5 +1),
        };
        let params = params![
            expected.uuid,
            expected.at,
            expected.day,
            expected.price,
            expected.moment
        ];
        let sql = "select $1 as uuid, $2 as at, $3 as day, $4 as price, $5 as moment";
        let row: Option<Row> = DATABASE.first(sql, &params).await?;
        let row = row.expect("a row");
        assert_eq!(row.value("at"), Some(&json!("2026-01-02T03:04:05.678Z")));
        assert_eq!(row.value("moment"), Some(&json!("2026-01-02T02:04:05.5Z")));
        assert_eq!(row.to::<Values>()?, expected);
        Ok::<_, OperationError>(())
    })
    .expect("no error");
}

#[test]
fn what_does_not_fit_is_named() {
    run(async || {
        let error = DATABASE
            .query_as::<User>("select id, 1 as name, email from users", ())
            .await
            .expect_err("a conversion");
        assert_eq!(error.code(), "conversion");
        assert!(error.message().contains("column `name`"), "{error}");
        assert!(error.message().contains("User"), "{error}");

        let row = DATABASE.first("select name from users", ()).await?;
        let row = row.expect("a row");
        let error = row.get::<i64>("id").expect_err("no column");
        assert_eq!(
            error.message(),
            "there is no column `id`; the row has `name`"
        );
        assert!(row.get::<i64>("name").is_err());
        let error = DATABASE
            .first_as::<i64>("select 1 as a, 2 as b", ())
            .await
            .expect_err("two columns");
        assert!(error.message().contains("`a` and `b`"), "{error}");
        Ok::<_, OperationError>(())
    })
    .expect("no error");
}

#[test]
fn errors_have_a_code_and_name_the_constraint() {
    run(async || {
        let code = async |sql: &str| {
            let error = DATABASE.execute(sql, ()).await.expect_err(sql);
            let columns = error.columns().join(",");
            format!(
                "{} {} {columns}",
                error.code(),
                error.table().unwrap_or("-")
            )
        };
        assert_eq!(
            code("insert into users (name, email) values ('C', 'ann@example.com')").await,
            "unique users email"
        );
        assert_eq!(
            code("insert into users (name) values (null)").await,
            "not-null users name"
        );
        assert_eq!(
            code("insert into users (name, age) values ('C', -1)").await,
            "check - "
        );
        assert_eq!(
            code("insert into posts (user) values (9)").await,
            "foreign-key - "
        );
        assert_eq!(code("selec 1").await, "syntax - ");
        assert_eq!(code("select * from nowhere").await, "sql - ");
        let error = DATABASE.query("select $2", params![1]).await;
        assert_eq!(error.expect_err("too few").code(), "invalid");
        let error = DATABASE.query("select $1", params![1, 2]).await;
        assert_eq!(error.expect_err("too many").code(), "invalid");
        let map = BTreeMap::from([((1, 2), 3)]);
        let error = DATABASE.query("select $1", params![Json(map)]).await;
        let error = error.expect_err("no JSON");
        assert!(error.message().contains("key must be a string"), "{error}");
        let error = Database::new("other").query("select 1", ()).await;
        assert_eq!(error.expect_err("not granted").code(), "denied");
    });
}

async fn count() -> Result<i64, OperationError> {
    let count = DATABASE.first_as("select count(*) from users", ()).await?;
    Ok(count.unwrap_or_default())
}

const INSERT: &str = "insert into users (name) values ('C')";

#[test]
fn a_transaction_commits_rolls_back_and_ends() {
    run(async || {
        let id = DATABASE
            .transaction(async |database| {
                let done = database.execute(INSERT, ()).await?;
                sleep(Duration::from_secs(1)).await;
                // Others do not see it yet.
                assert_eq!(count().await?, 2);
                Ok::<_, OperationError>(done.last_id)
            })
            .await?;
        assert_eq!((id, count().await?), (Some(3), 3));

        let error = DATABASE
            .transaction(async |database| {
                database.execute(INSERT, ()).await?;
                Err::<(), _>(HttpError::conflict("no"))
            })
            .await;
        assert_eq!(error.expect_err("an error").status(), 409);
        assert_eq!(count().await?, 3);

        let transaction = DATABASE.begin().await?;
        transaction.execute(INSERT, ()).await?;
        drop(transaction);
        // The rollback runs in the background.
        sleep(Duration::from_millis(1)).await;
        assert_eq!(count().await?, 3);
        DATABASE.execute(INSERT, ()).await?;

        let transaction = DATABASE.begin().await?;
        assert_eq!(
            transaction.begin().await.expect_err("nested").code(),
            "invalid"
        );
        transaction.commit().await?;

        let read_only = TransactionOptions::new().read_only();
        let transaction = DATABASE.begin_with(read_only).await?;
        let error = transaction.execute(INSERT, ()).await;
        assert_eq!(error.expect_err("read only").code(), "read-only");
        transaction.rollback().await?;
        Ok::<_, HttpError>(())
    })
    .expect("no error");
}

#[test]
fn a_transaction_of_a_request_that_ends_is_rolled_back() {
    let app = App::new("app")
        .route(Route::get("/slow", async || {
            let transaction = DATABASE.begin().await?;
            transaction.execute(INSERT, ()).await?;
            sleep(Duration::from_secs(60)).await;
            transaction.commit().await
        }))
        .route(Route::get("/count", async || {
            DATABASE.execute(INSERT, ()).await?;
            count().await.map(|count| count.to_string())
        }));
    let client = TestClient::new(app).with_database("main", SCHEMA);
    let slow = client.get("/slow").disconnect_after(Duration::from_secs(1));
    assert_eq!(slow.send().status(), 499);
    assert_eq!(client.get("/count").send().text(), "3");
}

#[test]
fn an_error_is_a_failure_unless_the_handler_maps_it() {
    let app = App::new("app")
        .route(Route::get("/broken", async || {
            let rows = DATABASE.query("select * from nowhere", ()).await?;
            Ok::<_, HttpError>(Json(rows.len()))
        }))
        .route(Route::get("/users/{id}", async |Path(id): Path<i64>| {
            let sql = "select id, name, email from users where id = $1";
            let user: Option<User> = DATABASE.first_as(sql, params![id]).await?;
            Ok::<_, HttpError>(Json(user.ok_or(NotFound)?))
        }))
        .route(Route::get("/boxed", async || {
            Err::<(), Box<dyn std::error::Error>>(NotFound.into())
        }));
    let client = TestClient::new(app).with_database("main", SCHEMA);
    let broken = client.get("/broken").send();
    assert_eq!(broken.status(), 500);
    assert!(!broken.text().contains("nowhere"), "{}", broken.text());
    let (message, _) = broken.failure().expect("a failure");
    assert!(message.contains("no such table: nowhere"), "{message}");
    assert_eq!(client.get("/users/1").send().json::<User>().name, "Ann");
    assert_eq!(client.get("/users/9").send().status(), 404);
    assert_eq!(client.get("/boxed").send().status(), 404);
}

#[test]
fn blocking_code_has_the_same_methods() {
    static DATABASE: blocking::Database = blocking::Database::new("main");

    let client = TestClient::new(App::new("app").route(Route::get("/", || {
        let done = DATABASE.execute(INSERT, ())?;
        let error = DATABASE.transaction(|database| {
            database.execute(INSERT, ())?;
            Err::<(), _>(OperationError::new("failed", "no"))
        });
        let count: Option<i64> = DATABASE.first_as("select count(*) from users", ())?;
        let rows = DATABASE.query("select name from users where id = ?", params![done.last_id])?;
        let names: Vec<String> = DATABASE.query_as("select name from users", ())?;
        let first = DATABASE.first("select 1 as one", ())?;
        let one: Option<i64> = first.map(|row| row.get("one")).transpose()?;
        Ok::<_, HttpError>(Json(json!([error.is_err(), count, rows, names.len(), one])))
    })))
    .with_database("main", SCHEMA);
    let reply = client.get("/").send();
    assert_eq!(reply.failure(), None);
    assert_eq!(
        reply.json::<Value>(),
        json!([true, 3, [{"name": "C"}], 3, 1])
    );
}
