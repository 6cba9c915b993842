//! Guests that exhaust memory or stack, and guests that trap.

use super::attack::{Attack, HOST, INSTANCE, act};

const TWO: [&str; 4] = ["--workers", "1", "--max-instances", "3"];

#[test]
fn a_memory_bomb() {
    let attack = Attack::hostile(&TWO);
    for target in ["/do", "/hook/on-request", "/hook/on-error"] {
        for response in attack.act_at_once(2, target, "eat") {
            let _ = response.problem(500);
        }
        // Trapped instances release their memory.
        attack.wait_for_memory_below(HOST);
    }
    let log = attack.end(2 * INSTANCE + HOST);
    assert!(
        log.contains("guest: memory allocation of 16777216 bytes failed"),
        "{log}"
    );
    let trapped = |line: &&str| line.contains("the guest trapped");
    assert_eq!(log.lines().filter(trapped).count(), 6, "{log}");
}

/// The calls succeed, so the instance could be reused, but the host does not keep one of that size
/// (`[instances] max_memory`).
#[test]
fn an_instance_that_retains_memory() {
    let attack = Attack::hostile(&TWO);
    for _ in 0..3 {
        let response = attack.act("/do", "hoard");
        assert_eq!(response.status, 200, "{}", response.text());
        let bytes: u64 = response.text().parse().expect("a number");
        assert!(bytes > INSTANCE / 2 && bytes <= INSTANCE, "{bytes}");
        attack.wait_for_memory_below(HOST);
    }
    let log = attack.end(INSTANCE + HOST);
    assert!(log.contains("route=\"GET /do\""), "{log}");
}

#[test]
fn unbounded_recursion() {
    let attack = Attack::hostile(&TWO);
    for _ in 0..20 {
        let _ = attack.act("/do", "recurse").problem(500);
    }
    let _ = attack.act("/hook/pre-handler", "recurse").problem(500);
    let log = attack.end(HOST);
    let exhausted = |line: &&str| line.contains("trapped: wasm trap: call stack exhausted");
    assert_eq!(log.lines().filter(exhausted).count(), 21, "{log}");
}

#[test]
fn a_trap_on_each_request() {
    const TRAPS: usize = 300;
    let attack = Attack::hostile(&TWO);
    let client = attack.server().client();
    for _ in 0..TRAPS {
        let _ = act(&client, "/do", "trap").problem(500);
    }
    drop(client);
    attack.wait_for_memory_below(HOST);
    let log = attack.end(HOST);
    let trapped = |line: &&str| line.contains("trapped: wasm trap: wasm `unreachable`");
    assert_eq!(log.lines().filter(trapped).count(), TRAPS);
}
