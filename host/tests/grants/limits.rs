//! Limits of key-value stores.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use spikard_wasm_testing::{Redis, Server};

use super::keyvalue::in_redis;
use super::{AppDirectory, act_err, act_ok, keyvalue};

fn small(limits: &str) -> (AppDirectory, Server) {
    let directory = AppDirectory::new();
    let file = directory.write(&format!("[limits]\n{limits}"));
    let server = super::serve(&file, &[]);
    (directory, server)
}

#[test]
fn values_have_a_maximum_length() {
    for draft in [1, 2] {
        let (_place, server) = small("keyvalue_value = 100");
        let set = |times: usize| {
            keyvalue(
                draft,
                "set",
                json!({"key": "a", "value": "x", "times": times}),
            )
        };
        act_ok(&server, set(100));
        let why = act_err(&server, set(101));
        assert!(
            why.contains("101 bytes is longer than 100, the limit `keyvalue_value`"),
            "{why}"
        );
        let pairs = json!({"pairs": [["b", "x"], ["c", "x".repeat(101)]]});
        act_err(&server, keyvalue(draft, "set-many", pairs));
        // A batch fails or succeeds as a whole.
        assert_eq!(
            act_ok(&server, keyvalue(draft, "keys", json!({}))),
            json!([1, ["a"]])
        );
        server.stop();
    }
}

#[test]
fn keys_have_a_maximum_length() {
    let (_place, server) = small("");
    for (length, is_ok) in [(0, false), (1, true), (1024, true), (1025, false)] {
        let key = "k".repeat(length);
        for (act, more) in [
            ("set", json!({"key": key, "value": ""})),
            ("get", json!({"key": key})),
            ("exists", json!({"key": key})),
            ("delete", json!({"key": key})),
            ("get-many", json!({"keys": [key]})),
            ("increment", json!({"key": format!("{key}"), "delta": 1})),
        ] {
            let what = keyvalue(2, act, more);
            match is_ok {
                true => drop(act_ok(&server, what)),
                false => assert!(act_err(&server, what).contains("1 to 1024 bytes")),
            }
        }
    }
    server.stop();
}

#[test]
fn batches_have_a_maximum_number_of_keys() {
    let (_place, server) = small("");
    let keys: Vec<String> = (0..1001).map(|at| at.to_string()).collect();
    for act in ["get-many", "delete-many"] {
        act_ok(&server, keyvalue(2, act, json!({"keys": keys[..1000]})));
        let why = act_err(&server, keyvalue(2, act, json!({"keys": keys})));
        assert!(
            why.contains("1001 keys, more than the limit of 1000"),
            "{why}"
        );
    }
    server.stop();
}

/// A batch of large values would be in the host's memory at once.
#[test]
fn the_total_size_of_a_batch_is_limited() {
    fn check(server: &Server) {
        let mut keys = Vec::new();
        for at in 0..20 {
            let key = format!("k{at}");
            let set = json!({"key": key, "value": "x", "times": 1 << 20});
            act_ok(server, keyvalue(2, "set", set));
            keys.push(key);
        }
        let some = keyvalue(2, "get-many", json!({"keys": keys[..15]}));
        act_ok(server, some);
        let why = act_err(server, keyvalue(2, "get-many", json!({"keys": keys})));
        assert!(why.contains("request fewer keys"), "{why}");
    }
    let (_place, server) = small("");
    check(&server);
    server.stop();
    let redis = Redis::start();
    let (_place, server) = in_redis(&redis);
    check(&server);
    server.stop();
}

#[test]
fn the_size_of_a_file_is_limited() {
    let (_place, server) = small("keyvalue_file = 1000");
    let set = |key: &str, times: usize| {
        keyvalue(2, "set", json!({"key": key, "value": "x", "times": times}))
    };
    act_ok(&server, set("a", 499));
    act_ok(&server, set("b", 499));
    let why = act_err(&server, set("c", 1));
    assert!(
        why.contains("would hold 1002 bytes, more than the limit `keyvalue_file` of 1000"),
        "{why}"
    );
    act_err(&server, set("b", 500));
    act_err(
        &server,
        keyvalue(2, "increment", json!({"key": "n", "delta": 1})),
    );
    act_err(
        &server,
        keyvalue(2, "set-many", json!({"pairs": [["c", ""], ["d", ""]]})),
    );
    act_err(
        &server,
        keyvalue(2, "swap", json!({"key": "c", "value": "1"})),
    );
    // Writes that free space or need none succeed.
    act_ok(&server, set("b", 399));
    act_ok(&server, set("c", 99));
    act_ok(&server, keyvalue(2, "delete", json!({"key": "a"})));
    act_ok(&server, set("d", 499));
    server.stop();
}

#[test]
fn values_above_a_lowered_limit_are_kept() {
    let directory = AppDirectory::new();
    let server = directory.serve("");
    let set = |times: usize| keyvalue(2, "set", json!({"key": "a", "value": "x", "times": times}));
    act_ok(&server, set(1000));
    server.stop();
    let server = directory.serve("[limits]\nkeyvalue_value = 100\nkeyvalue_file = 100");
    let get = keyvalue(2, "get", json!({"key": "a"}));
    let why = act_err(&server, get.clone());
    assert!(why.contains("`a` is longer than 100 bytes"), "{why}");
    // The value may shrink and may be deleted.
    act_ok(&server, set(50));
    assert_eq!(act_ok(&server, get), "x".repeat(50));
    act_ok(&server, keyvalue(2, "delete", json!({"key": "a"})));
    server.stop();
}

#[test]
fn the_number_of_handles_is_limited() {
    let (_place, server) = small("");
    let got = act_ok(&server, keyvalue(2, "hoard", json!({"count": 20_000})));
    let got = got.as_u64().expect("a number");
    assert!((5_000..=10_000).contains(&got), "{got}");
    // The handles end with the call.
    let again = act_ok(&server, keyvalue(2, "hoard", json!({"count": 20_000})));
    assert_eq!(again.as_u64(), Some(got));
    server.stop();
}

/// Values to swap are in the host's memory.
#[test]
fn the_number_of_pending_swaps_is_limited() {
    let (_place, server) = small("");
    act_ok(
        &server,
        keyvalue(
            2,
            "set",
            json!({"key": "a", "value": "x", "times": 1 << 20}),
        ),
    );
    let before = server.rss();
    for _ in 0..3 {
        let got = act_ok(
            &server,
            keyvalue(2, "hoard-swaps", json!({"key": "a", "count": 1000})),
        );
        assert_eq!(got[0], 15, "{got}");
        let why = got[1].as_str().expect("a reason");
        assert!(why.contains("drop some"), "{why}");
    }
    let more = server.rss().saturating_sub(before);
    assert!(more < 64 << 20, "{more}");
    server.stop();
}

/// A store that does not answer delays only its own request, up to a time limit.
#[test]
fn a_store_that_does_not_answer_times_out() {
    let redis = Redis::start();
    let directory = AppDirectory::new();
    let file = directory.write(&format!(
        "keyvalue.slow = \"{}\"\n[limits]\nkeyvalue_time = \"300ms\"",
        redis.url(0)
    ));
    let server = super::serve(&file, &[]);
    let mut slow = keyvalue(2, "get", json!({"key": "a"}));
    slow["store"] = json!("slow");
    assert_eq!(act_ok(&server, slow.clone()), Value::Null);
    redis.signal("STOP");
    let start = Instant::now();
    std::thread::scope(|scope| {
        let late = scope.spawn(|| act_err(&server, slow.clone()));
        std::thread::sleep(Duration::from_millis(50));
        let quick = Instant::now();
        act_ok(&server, keyvalue(2, "get", json!({"key": "a"})));
        assert!(
            quick.elapsed() < Duration::from_millis(150),
            "{:?}",
            quick.elapsed()
        );
        let why = late.join().expect("an answer");
        assert!(
            why.contains("within 300ms") || why.contains("time"),
            "{why}"
        );
    });
    assert!(
        start.elapsed() >= Duration::from_millis(290),
        "{:?}",
        start.elapsed()
    );
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "{:?}",
        start.elapsed()
    );
    let line = server.logged("key-value store failed");
    assert!(
        line.contains("WARN") && line.contains("store=\"slow\""),
        "{line}"
    );
    redis.signal("CONT");
    assert_eq!(act_ok(&server, slow), Value::Null);
    server.stop();
}
