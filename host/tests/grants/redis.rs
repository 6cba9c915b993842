//! Stores in a Redis server: interoperability and outages. `keyvalue.rs` tests what all stores
//! have in common.

use serde_json::{Value, json};
use spikard_wasm_testing::Redis;

use super::keyvalue::in_redis;
use super::{AppDirectory, act_err, act_ok, keyvalue};

#[test]
fn the_store_uses_plain_keys_and_values() {
    let redis = Redis::start();
    redis.ask(&["SET", "theirs", "set by others"]);
    let (_place, server) = in_redis(&redis);
    let ask = |act, more| act_ok(&server, keyvalue(2, act, more));
    assert_eq!(ask("get", json!({"key": "theirs"})), "set by others");
    ask("set", json!({"key": "mine", "value": "set by the app"}));
    assert_eq!(redis.ask(&["GET", "mine"]), "$14\r\nset by the app\r\n");
    ask("increment", json!({"key": "n", "delta": 7}));
    assert_eq!(redis.ask(&["INCR", "n"]), ":8\r\n");
    assert_eq!(ask("get", json!({"key": "n"})), "8");
    assert_eq!(ask("keys", json!({})), json!([1, ["mine", "n", "theirs"]]));
    // A value that is not a string causes an error.
    redis.ask(&["LPUSH", "list", "a"]);
    let why = act_err(&server, keyvalue(2, "get", json!({"key": "list"})));
    assert!(
        why.contains("the key holds a list, hash or other type of Redis"),
        "{why}"
    );
    // A value above the limit is not fetched as a whole.
    redis.ask(&["SETRANGE", "long", "2000000", "x"]);
    let why = act_err(&server, keyvalue(2, "get", json!({"key": "long"})));
    assert!(why.contains("longer than 1048576 bytes"), "{why}");
    let why = act_err(
        &server,
        keyvalue(2, "get-many", json!({"keys": ["n", "long"]})),
    );
    assert!(why.contains("longer than 1048576 bytes"), "{why}");
    server.stop();
}

#[test]
fn databases_are_separate() {
    let redis = Redis::start();
    let directory = AppDirectory::new();
    let stores = [
        format!("default={}", redis.url(0)),
        format!("other={}", redis.url(1)),
    ];
    let file = directory.write_all("[grants]\nconfig = {}\n");
    let server = super::serve(&file, &["--keyvalue", &stores[0], "--keyvalue", &stores[1]]);
    act_ok(
        &server,
        keyvalue(2, "set", json!({"key": "a", "value": "one"})),
    );
    let mut other = keyvalue(2, "get", json!({"key": "a"}));
    other["store"] = json!("other");
    assert_eq!(act_ok(&server, other), Value::Null);
    server.stop();
}

#[test]
fn a_password_comes_from_the_environment() {
    let redis = Redis::start_with(Some("hunter2"));
    let directory = AppDirectory::new();
    let file = directory.write_all("[grants]\nconfig = {}\nkeyvalue.default = \"env:REDIS_URL\"\n");
    let serve = |url: &str| {
        crate::support::host()
            .serve(Some(&spikard_wasm_testing::guest("grants")))
            .args(["--config".as_ref(), file.as_os_str()])
            .env("REDIS_URL", url)
            .start()
    };
    let set = keyvalue(2, "set", json!({"key": "a", "value": "one"}));
    let server = serve(&redis.url(0));
    act_ok(&server, set.clone());
    let log = server.stop().log;
    assert!(!log.contains("hunter2"), "{log}");
    let server = serve(&redis.url(0).replace("hunter2", "hunter3"));
    let why = act_err(&server, set);
    assert!(!why.contains("hunter"), "{why}");
    let log = server.stop().log;
    assert!(!log.contains("hunter"), "{log}");
}

#[test]
fn the_host_reconnects_after_a_server_restart() {
    let redis = Redis::start();
    let port = redis.port();
    let (_place, server) = in_redis(&redis);
    let get = keyvalue(2, "get", json!({"key": "a"}));
    let set = keyvalue(2, "set", json!({"key": "a", "value": "one"}));
    act_ok(&server, set.clone());
    drop(redis);
    let why = act_err(&server, get.clone());
    assert!(!why.is_empty());
    act_err(&server, set.clone());
    let line = server.logged("key-value store failed");
    assert!(line.contains("WARN"), "{line}");
    let redis = Redis::start_at(port, None).expect("the same port again");
    // The first command notices the lost connection, reconnects and works.
    assert_eq!(act_ok(&server, get), Value::Null);
    act_ok(&server, set);
    drop(redis);
    server.stop();
}

/// The host starts before the Redis server.
#[test]
fn the_server_may_start_after_the_host() {
    let redis = Redis::start();
    let (url, port) = (redis.url(0), redis.port());
    drop(redis);
    let directory = AppDirectory::new();
    let file = directory.write_all("[grants]\nconfig = {}\n");
    let server = super::serve(&file, &["--keyvalue", &format!("default={url}")]);
    let get = keyvalue(2, "get", json!({"key": "a"}));
    act_err(&server, get.clone());
    let _redis = Redis::start_at(port, None).expect("the same port again");
    assert_eq!(act_ok(&server, get), Value::Null);
    server.stop();
}
