//! Key-value stores: both drafts of `wasi:keyvalue`, in a file and in a Redis server.

use std::thread;

use serde_json::{Value, json};
use spikard_wasm_testing::{Redis, Server};

use super::{AppDirectory, act_err, act_ok, keyvalue};

/// Serves with a store in a file.
fn in_a_file() -> (AppDirectory, Server) {
    let directory = AppDirectory::new();
    let server = directory.serve("");
    (directory, server)
}

/// Serves with a store in Redis.
pub(super) fn in_redis(redis: &Redis) -> (AppDirectory, Server) {
    let directory = AppDirectory::new();
    let file = directory.write_all("[grants]\nconfig = {}\n");
    let store = format!("default={}", redis.url(0));
    let server = super::serve(&file, &["--keyvalue", &store]);
    (directory, server)
}

/// Runs a test with both drafts and both backends.
fn with_every_store(test: fn(&Server, u8)) {
    for draft in [1, 2] {
        let (_place, server) = in_a_file();
        test(&server, draft);
        server.stop();
        let redis = Redis::start();
        let (_place, server) = in_redis(&redis);
        test(&server, draft);
        server.stop();
    }
}

#[test]
fn values() {
    with_every_store(|server, draft| {
        let ask = |act, more| act_ok(server, keyvalue(draft, act, more));
        assert_eq!(ask("get", json!({"key": "a"})), Value::Null);
        assert_eq!(ask("exists", json!({"key": "a"})), false);
        ask("set", json!({"key": "a", "value": "one"}));
        assert_eq!(ask("get", json!({"key": "a"})), "one");
        assert_eq!(ask("exists", json!({"key": "a"})), true);
        ask("set", json!({"key": "a", "value": ""}));
        assert_eq!(ask("get", json!({"key": "a"})), "");
        assert_eq!(ask("exists", json!({"key": "a"})), true);
        let odd = "\u{0} \u{1F600} {*}";
        ask("set", json!({"key": odd, "value": odd}));
        assert_eq!(ask("get", json!({"key": odd})), odd);
        ask("delete", json!({"key": "a"}));
        ask("delete", json!({"key": "a"}));
        assert_eq!(ask("get", json!({"key": "a"})), Value::Null);
        assert_eq!(ask("keys", json!({})), json!([1, [odd]]));
    });
}

#[test]
fn numbers() {
    with_every_store(|server, draft| {
        let add = |delta: i64| keyvalue(draft, "increment", json!({"key": "n", "delta": delta}));
        assert_eq!(act_ok(server, add(1)), 1);
        assert_eq!(act_ok(server, add(41)), 42);
        assert_eq!(
            act_ok(server, keyvalue(draft, "get", json!({"key": "n"}))),
            "42"
        );
        // The first draft does not define negative deltas.
        match draft {
            1 => act_err(server, add(-1)),
            _ => act_ok(server, add(-43)).to_string(),
        };
        let over = if draft == 1 { i64::MAX } else { i64::MIN };
        act_err(server, add(over));
        act_ok(
            server,
            keyvalue(draft, "set", json!({"key": "n", "value": "x"})),
        );
        act_err(server, add(1));
    });
}

#[test]
fn batches() {
    with_every_store(|server, draft| {
        let ask = |act, more| act_ok(server, keyvalue(draft, act, more));
        ask(
            "set-many",
            json!({"pairs": [["a", "1"], ["b", "2"], ["a", "3"]]}),
        );
        let found = ask("get-many", json!({"keys": ["a", "x", "b"]}));
        match draft {
            1 => assert_eq!(found, json!([["a", "3"], null, ["b", "2"]])),
            _ => assert_eq!(found, json!([["a", "3"], ["x", null], ["b", "2"]])),
        }
        ask("delete-many", json!({"keys": ["a", "x"]}));
        assert_eq!(ask("keys", json!({})), json!([1, ["b"]]));
        for (act, none) in [
            ("set-many", json!({"pairs": []})),
            ("delete-many", json!({"keys": []})),
        ] {
            ask(act, none);
        }
        assert_eq!(ask("get-many", json!({"keys": []})), json!([]));
    });
}

#[test]
fn listing_keys_is_paged() {
    with_every_store(|server, draft| {
        let count = 2500;
        act_ok(
            server,
            keyvalue(draft, "fill", json!({"prefix": "k", "count": count})),
        );
        let all = act_ok(server, keyvalue(draft, "keys", json!({})));
        assert!(all[0].as_u64() >= Some(2), "{}", all[0]);
        let mut keys: Vec<&str> = all[1]
            .as_array()
            .expect("keys")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        keys.dedup();
        assert_eq!(keys.len(), count);
        assert_eq!((keys[0], keys[count - 1]), ("k000000", "k002499"));
    });
}

#[test]
fn compare_and_swap_fails_on_a_changed_value() {
    with_every_store(|server, draft| {
        if draft == 1 {
            return;
        }
        let swap = |more| act_ok(server, keyvalue(2, "swap", more));
        let get = || act_ok(server, keyvalue(2, "get", json!({"key": "a"})));
        assert_eq!(
            swap(json!({"key": "a", "value": "one"})),
            json!({"was": null})
        );
        assert_eq!(
            swap(json!({"key": "a", "value": "two"})),
            json!({"was": "one"})
        );
        assert_eq!(get(), "two");
        let failed = swap(json!({"key": "a", "between": "other", "value": "three"}));
        assert_eq!(failed, json!({"was": "two", "is": "other"}));
        assert_eq!(get(), "three");
        // Missing and deleted keys.
        let failed = swap(json!({"key": "b", "between": "", "value": "1"}));
        assert_eq!(failed, json!({"was": null, "is": ""}));
    });
}

#[test]
fn a_store_that_is_not_granted_is_denied() {
    let (_place, server) = in_a_file();
    for draft in [1, 2] {
        let mut what = keyvalue(draft, "get", json!({"key": "a"}));
        what["store"] = json!("other");
        let why = act_err(&server, what);
        assert!(why.contains("AccessDenied"), "{why}");
    }
    let line = server.logged("access to a store denied; it is not granted");
    assert!(
        line.contains("WARN") && line.contains("store=other"),
        "{line}"
    );
    server.stop();
}

#[test]
fn both_drafts_share_a_store() {
    let (_place, server) = in_a_file();
    act_ok(
        &server,
        keyvalue(1, "set", json!({"key": "a", "value": "one"})),
    );
    assert_eq!(
        act_ok(&server, keyvalue(2, "get", json!({"key": "a"}))),
        "one"
    );
    server.stop();
}

#[test]
fn a_file_store_is_durable() {
    let directory = AppDirectory::new();
    let server = directory.serve("");
    act_ok(
        &server,
        keyvalue(2, "set", json!({"key": "a", "value": "one"})),
    );
    // Even a killed host does not lose acknowledged writes.
    server.signal("KILL");
    let _ = server.wait();
    let server = directory.serve("");
    assert_eq!(
        act_ok(&server, keyvalue(2, "get", json!({"key": "a"}))),
        "one"
    );
    server.stop();
}

#[test]
fn two_stores_may_share_a_file() {
    let directory = AppDirectory::new();
    let server = directory.serve("keyvalue.other = \"./kv.redb\"");
    act_ok(
        &server,
        keyvalue(2, "set", json!({"key": "a", "value": "one"})),
    );
    let mut what = keyvalue(2, "get", json!({"key": "a"}));
    what["store"] = json!("other");
    assert_eq!(act_ok(&server, what), "one");
    server.stop();
}

#[test]
fn another_host_cannot_open_the_file() {
    let directory = AppDirectory::new();
    let server = directory.serve("");
    let said = directory.refused("[grants]\nconfig = {}\nkeyvalue.default = \"kv.redb\"\n");
    assert!(said.contains("another process has it open"), "{said}");
    server.stop();
}

#[test]
fn concurrent_writes_are_not_lost() {
    let directory = AppDirectory::new();
    let file = directory.write("");
    let server = on_two_workers(&file);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    act_ok(
                        &server,
                        keyvalue(2, "increment", json!({"key": "n", "delta": 1})),
                    );
                }
            });
        }
    });
    assert_eq!(
        act_ok(&server, keyvalue(2, "get", json!({"key": "n"}))),
        "400"
    );
    server.stop();
}

fn on_two_workers(file: &std::path::Path) -> Server {
    super::serve(file, &["--workers", "2"])
}
