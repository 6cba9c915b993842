//! One row of SQLite by its key: through an operation, and through rusqlite alone. The difference is what the operation
//! costs: parsing its head and parameters, and writing the row as JSON.

use std::collections::BTreeMap;
use std::sync::Arc;

use divan::Bencher;
use spikard_wasm_services::Payload;
use spikard_wasm_services::sql::{Databases, Location, Session, SqlLimits};

const SELECT: &str = "select id, name, score from t where id = $1";

fn main() {
    divan::main();
}

fn file() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("bench.db");
    let connection = rusqlite::Connection::open(&path).expect("a database");
    connection
        .execute_batch(
            "pragma journal_mode = wal; create table t (id integer primary key, name text, score real);
             insert into t with recursive n(i) as (select 1 union all select i + 1 from n where i < 10000)
             select i, 'name ' || i, i / 7.0 from n",
        )
        .expect("a table");
    (folder, path)
}

#[divan::bench]
fn operation(bencher: Bencher<'_, '_>) {
    let (_folder, path) = file();
    let location = Location::parse(&format!("sqlite:{}", path.display())).expect("a location");
    let locations = BTreeMap::from([("main".to_owned(), location)]);
    let databases =
        Arc::new(Databases::open(&locations, SqlLimits::default()).expect("the database opens"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let head = format!(r#"{{"database":"main","sql":"{SELECT}"}}"#);
    let mut id = 0;
    bencher.bench_local(|| {
        id = id % 10_000 + 1;
        let session = Session::new(&databases);
        let pending = session
            .run("sql.query", &head, Payload::Json(format!("[{id}]")))
            .expect("a kind");
        runtime.block_on(pending).expect("a row")
    });
}

#[divan::bench]
fn rusqlite_alone(bencher: Bencher<'_, '_>) {
    let (_folder, path) = file();
    let connection = rusqlite::Connection::open(&path).expect("a database");
    let mut id = 0_i64;
    bencher.bench_local(|| {
        id = id % 10_000 + 1;
        let mut statement = connection.prepare_cached(SELECT).expect("a statement");
        statement
            .query_row([id], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, f64>(2)?,
                ))
            })
            .expect("a row")
    });
}

/// The least that a runtime costs, which `operation` includes.
#[divan::bench]
fn empty_future(bencher: Bencher<'_, '_>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    bencher.bench_local(|| runtime.block_on(std::future::ready(0)));
}
