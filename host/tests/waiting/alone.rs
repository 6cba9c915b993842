//! Instances that handle one request at a time.

use std::time::{Duration, Instant};

use super::{all_at_once, serve};

#[test]
fn a_request_that_waits_has_its_instance_alone() {
    for policy in ["reuse", "fresh"] {
        let server = serve(policy, &[]);
        let paths = vec!["/requests/200".to_owned(); 8];
        for (status, count) in all_at_once(&server, &paths) {
            assert_eq!((status, count.as_str()), (200, "1"), "{policy}");
        }
        server.stop();
    }
}

#[test]
fn a_request_that_waits_for_nothing_fails_at_once() {
    for policy in ["reuse", "fresh"] {
        let server = serve(policy, &[]);
        for path in ["/never", "/gate"] {
            let start = Instant::now();
            assert_eq!(server.client().get(path).status, 500);
            assert!(start.elapsed() < Duration::from_secs(10));
            let _ = server.logged("the handler waits for something that never happens");
        }
        server.stop();
    }
}

#[test]
fn blocking_operations_wait() {
    for policy in ["reuse", "fresh"] {
        let server = serve(policy, &[]);
        let start = Instant::now();
        assert_eq!(server.client().get("/block/50").text(), "blocked");
        assert!(start.elapsed() >= Duration::from_millis(50));
        server.stop();
    }
}

#[test]
fn a_trap_ends_only_its_own_request() {
    let server = serve("reuse", &[]);
    let mut paths = vec!["/sleep/200".to_owned(); 4];
    paths.push("/trap/50".to_owned());
    let statuses: Vec<u16> = all_at_once(&server, &paths)
        .into_iter()
        .map(|(status, _)| status)
        .collect();
    assert_eq!(statuses, [200, 200, 200, 200, 500]);
    server.stop();
}
