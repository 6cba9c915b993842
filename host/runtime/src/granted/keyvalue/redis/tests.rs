//! Tests of stores in a Redis server, without a guest.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::*;
use crate::granted::keyvalue::model::NO_NUMBERS;

/// A server of the test's own, which listens on a socket in its folder.
struct Server {
    child: Child,
    folder: tempfile::TempDir,
}

impl Server {
    async fn start() -> (Self, Redis) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let socket = folder.path().join("socket");
        let child = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--unixsocket"])
            .arg(&socket)
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server starts: install Redis");
        let server = Self { child, folder };
        let bounds = Bounds {
            value: 1 << 20,
            total: 1 << 30,
            time: Duration::from_secs(10),
        };
        let url = format!(
            "redis+unix://{}",
            server.folder.path().join("socket").display()
        );
        let redis = Redis::open(&url, bounds).expect("a URL of Redis");
        for _ in 0..1000 {
            if redis.exists("n").await.is_ok() {
                return (server, redis);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("redis-server does not answer");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn set(redis: &Redis, value: &str) {
    let pairs = vec![("n".to_owned(), value.as_bytes().to_vec())];
    redis
        .change(Change::Set(pairs))
        .await
        .expect("Redis takes the value");
}

async fn read(redis: &Redis) -> String {
    let value = redis.get("n").await.expect("Redis answers");
    String::from_utf8(value.expect("the key is there")).expect("the value is text")
}

#[tokio::test]
async fn an_increment_that_fails_changes_nothing() {
    let (_server, redis) = Server::start().await;
    let add = |delta, is_unsigned| redis.change(Change::Add("n".into(), delta, is_unsigned));
    assert_eq!(add(2, true).await, Ok(ChangeOutcome::Number(2)));
    for text in NO_NUMBERS {
        set(&redis, text).await;
        for is_unsigned in [false, true] {
            assert!(add(1, is_unsigned).await.is_err(), "{text:?}");
            assert_eq!(read(&redis).await, text);
        }
    }
    set(&redis, "-5").await;
    for delta in [0, 1, 4] {
        assert!(matches!(
            add(delta, true).await,
            Err(StoreError::Request(_))
        ));
        assert_eq!(read(&redis).await, "-5");
    }
    assert_eq!(add(1, false).await, Ok(ChangeOutcome::Number(-4)));
    assert_eq!(add(4, true).await, Ok(ChangeOutcome::Number(0)));
    // A number of more than 53 bits is exact.
    assert_eq!(
        add(i64::MAX, true).await,
        Ok(ChangeOutcome::Number(i64::MAX))
    );
    assert!(add(1, true).await.is_err());
    assert_eq!(read(&redis).await, i64::MAX.to_string());
}

#[tokio::test]
async fn keys_expire() {
    let (_server, redis) = Server::start().await;
    let set_for = |key: &str, ttl| Change::SetFor(key.to_owned(), b"5".to_vec(), ttl);
    for key in ["n", "kept", "added"] {
        redis.change(set_for(key, 100)).await.unwrap();
    }
    assert_eq!(read(&redis).await, "5");
    let swap = Change::Swap("kept".into(), Some(b"5".to_vec()), b"6".to_vec());
    redis.change(swap).await.unwrap();
    let add = Change::Add("added".into(), 1, false);
    assert_eq!(redis.change(add).await, Ok(ChangeOutcome::Number(6)));
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(redis.get("n").await, Ok(None));
    assert_eq!(redis.exists("added").await, Ok(false));
    assert_eq!(redis.get("kept").await, Ok(Some(b"6".to_vec())));
}

#[tokio::test]
async fn defects_of_the_guest_are_told_from_failures() {
    let (_server, redis) = Server::start().await;
    let ((),) = redis
        .ask(
            pipe()
                .cmd("RPUSH")
                .arg("list")
                .arg("x")
                .ignore()
                .cmd("SELECT")
                .arg(0),
            false,
        )
        .await
        .unwrap();
    let add = |key: &str, delta| redis.change(Change::Add(key.into(), delta, false));
    assert!(matches!(
        redis.get("list").await,
        Err(StoreError::Request(_))
    ));
    assert!(matches!(add("list", 1).await, Err(StoreError::Request(_))));
    set(&redis, "text").await;
    assert_eq!(add("n", 1).await, Err(no_number()));
    set(&redis, &i64::MAX.to_string()).await;
    assert_eq!(add("n", 1).await, Err(overflow()));
}
