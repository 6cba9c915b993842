//! Faults of the system: disks that are full, and processes that are killed.
//!
//! A test starts its program again, with the name of an ignored test of this module and a folder in a variable.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use super::*;
use crate::sql::migrate;

/// Variable with the folder of the database.
const FOLDER: &str = "SPIKARD_WASM_TEST_FOLDER";
/// Variable with the SQLSTATE that a write has to end with.
const SQLSTATE: &str = "SPIKARD_WASM_TEST_SQLSTATE";
/// Space for the files of a database, in bytes.
const SPACE: usize = 2 << 20;

/// Puts a small file system at `$1` for the command that follows.
const SMALL_DISK: &str = r#"mount -t tmpfs -o size="$2" tmpfs "$1" || exit 1; shift 2; exec "$@""#;
/// Limits the size of each file for the command that follows; writes past it fail without a signal.
const SMALL_FILES: &str = r#"trap "" XFSZ; size=$2; shift 2; exec prlimit --fsize="$size" "$@""#;

/// The arguments that run a test of this module.
fn test(name: &str) -> Vec<String> {
    let (_, module) = module_path!().split_once("::").unwrap();
    let program = env::current_exe().unwrap();
    let name = format!("{module}::{name}");
    let program = program.to_str().unwrap();
    [program, "--exact", &name, "--ignored", "--nocapture"]
        .map(str::to_owned)
        .into()
}

/// A command of a shell script that gets the folder and [`SPACE`] before its own arguments.
fn script(options: &[&str], text: &str, folder: &Path) -> Command {
    let mut words = options.to_vec();
    words.extend(["sh", "-c", text, "sh", folder.to_str().unwrap()]);
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg(SPACE.to_string());
    command
}

/// Runs [`writes_until_it_fails`] after a script.
#[track_caller]
fn run_limited(mut command: Command, folder: &Path, sqlstate: &str) {
    let run = command
        .args(test("writes_until_it_fails"))
        .env(FOLDER, folder)
        .env(SQLSTATE, sqlstate)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let stdout = text(&run.stdout);
    assert!(
        run.status.success() && stdout.contains("1 passed"),
        "{stdout}\n{}",
        text(&run.stderr)
    );
}

/// A file system of its own needs privileges or user namespaces; without them, files have a limit.
#[test]
fn a_disk_that_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let ways = [
        &["unshare", "--mount"][..],
        &["unshare", "--map-root-user", "--mount"],
    ];
    let works = |way: &&&[&str]| {
        let mut probe = script(way, SMALL_DISK, folder.path());
        let output = probe.arg("true").output();
        output.is_ok_and(|output| output.status.success())
    };
    match ways.iter().find(works) {
        Some(way) => run_limited(
            script(way, SMALL_DISK, folder.path()),
            folder.path(),
            "SQLITE_FULL",
        ),
        None => run_limited(
            script(&[], SMALL_FILES, folder.path()),
            folder.path(),
            "SQLITE_IOERR",
        ),
    }
}

#[tokio::test]
async fn a_file_that_cannot_grow() {
    let folder = tempfile::tempdir().unwrap();
    run_limited(
        script(&[], SMALL_FILES, folder.path()),
        folder.path(),
        "SQLITE_IOERR",
    );
    // Nothing that was committed is lost.
    let session = Session::new(&database(folder.path()));
    assert_intact(&session).await;
    let all = rows(
        &session,
        "select a from t where typeof(a) = 'text'",
        json!([]),
    )
    .await;
    assert_eq!(all, json!([{"a": "first"}, {"a": "last"}]));
}

fn database(folder: &Path) -> Arc<Databases> {
    let location = format!("sqlite:{}", folder.join("test.db").display());
    open(Location::parse(&location).unwrap(), SqlLimits::default())
}

async fn assert_intact(session: &Session) {
    assert_eq!(
        rows(session, "pragma integrity_check", json!([])).await,
        json!([{"integrity_check": "ok"}])
    );
}

/// The folder that the process was started with.
fn folder() -> PathBuf {
    let folder = env::var_os(FOLDER).expect("another test starts this one in a process of its own");
    folder.into()
}

#[tokio::test]
#[ignore = "runs in a process that another test starts"]
async fn writes_until_it_fails() {
    let folder = folder();
    let sqlstate = env::var(SQLSTATE).unwrap();
    let ballast = folder.join("ballast");
    fs::write(&ballast, vec![1; SPACE / 4]).unwrap();
    let session = Session::new(&database(&folder));
    let insert = "insert into t values ($1)";
    query(&session, "create table t (a)", json!([]))
        .await
        .unwrap();
    query(&session, insert, json!(["first"])).await.unwrap();
    query(&session, insert, json!(["last"])).await.unwrap();

    let large = "insert into t values (zeroblob(100000))";
    let mut count = 2;
    let failed = loop {
        match query(&session, large, json!([])).await {
            Ok(_) => count += 1,
            Err(failed) => break failed,
        }
        assert!(count < 100, "nothing has failed");
    };
    assert!(count > 4, "{failed}");
    let check = |failed: &Failed| {
        assert_eq!(failed.code, "sql", "{failed}");
        assert_eq!(failed.details["sqlstate"], sqlstate, "{failed}");
        let path = folder.to_str().unwrap();
        assert!(!failed.head().contains(path), "{}", failed.head());
    };
    check(&failed);
    // The commit of a transaction fails in the same way and leaves the connection usable.
    let transaction = begin(&session, false).await;
    within(&session, transaction, large, json!([]))
        .await
        .unwrap();
    check(&end(&session, "sql.commit", transaction).await.unwrap_err());
    let number = rows(&session, "select count(*) as n from t", json!([])).await;
    assert_eq!(number, json!([{"n": count}]));
    assert_intact(&session).await;
    if sqlstate == "SQLITE_FULL" {
        // With space again, the same process writes again.
        fs::remove_file(&ballast).unwrap();
        query(&session, large, json!([])).await.unwrap();
    }
}

/// A child process that has reported that it is ready. Dropping it kills it.
struct Running(Child);

impl Running {
    /// Runs a test of this module until it prints `ready`.
    fn start(name: &str, folder: &Path) -> Self {
        let arguments = test(name);
        let mut command = Command::new(&arguments[0]);
        command.args(&arguments[1..]).env(FOLDER, folder);
        let mut running = Self(command.stdout(Stdio::piped()).spawn().unwrap());
        let stdout: ChildStdout = running.0.stdout.take().unwrap();
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.ends_with("ready")), "`{name}` failed");
        running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits to be killed.
async fn ready() {
    println!("ready");
    tokio::time::sleep(Duration::from_secs(60)).await;
}

#[tokio::test]
async fn a_process_that_is_killed_in_a_transaction() {
    let folder = tempfile::tempdir().unwrap();
    drop(Running::start("has_an_open_transaction", folder.path()));
    let log = fs::metadata(folder.path().join("test.db-wal")).unwrap();
    assert!(log.len() > 8 << 20, "the change was not written: {log:?}");
    let session = Session::new(&database(folder.path()));
    assert_eq!(
        rows(&session, "select a from t", json!([])).await,
        json!([{"a": "first"}])
    );
    query(&session, "insert into t values ('second')", json!([]))
        .await
        .unwrap();
    assert_intact(&session).await;
}

#[tokio::test]
#[ignore = "runs in a process that another test starts"]
async fn has_an_open_transaction() {
    let session = Session::new(&database(&folder()));
    for sql in ["create table t (a)", "insert into t values ('first')"] {
        query(&session, sql, json!([])).await.unwrap();
    }
    let transaction = begin(&session, false).await;
    // More than the cache of the connection: a part reaches the disk.
    for _ in 0..20 {
        let large = "insert into t values (randomblob(1000000))";
        within(&session, transaction, large, json!([]))
            .await
            .unwrap();
    }
    ready().await;
}

#[tokio::test]
async fn a_process_that_is_killed_while_it_migrates() {
    let folder = tempfile::tempdir().unwrap();
    let migrations = folder.path().join("migrations");
    fs::create_dir(&migrations).unwrap();
    fs::write(migrations.join("1.sql"), "create table t (a);").unwrap();
    let endless = "create table u (a); insert into u with recursive n(i) as (select 1 union all select i + 1 from n) select i from n;";
    fs::write(migrations.join("2.sql"), endless).unwrap();
    let running = Running::start("migrates", folder.path());
    let databases = database(folder.path());
    let names = |migrations: &[migrate::Migration]| -> Vec<bool> {
        let applied = migrations
            .iter()
            .map(|migration| migration.applied.is_some());
        applied.collect()
    };
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let status = migrate::status(&databases, "main", &migrations).await;
        if names(&status.unwrap()) == [true, false] {
            break;
        }
        assert!(Instant::now() < deadline, "the first file is not applied");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(running);

    fs::write(migrations.join("2.sql"), "create table u (a);").unwrap();
    let applied = migrate::up(&databases, "main", &migrations).await.unwrap();
    assert_eq!(applied, ["2.sql"]);
    let session = Session::new(&databases);
    let number = rows(&session, "select count(*) as n from u", json!([])).await;
    assert_eq!(number, json!([{"n": 0}]));
    assert_intact(&session).await;
}

#[tokio::test]
#[ignore = "runs in a process that another test starts"]
async fn migrates() {
    let folder = folder();
    println!("ready");
    let migrations = folder.join("migrations");
    let result = migrate::up(&database(&folder), "main", &migrations).await;
    panic!("the migration has ended: {result:?}");
}
