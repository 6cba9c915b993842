//! Requests that wait for operations: tasks, cancellation, work after the reply, and instances
//! that handle several requests at once.

mod alone;
mod lifespan;
mod services;
mod shared;

use std::thread;
use std::time::{Duration, Instant};

use spikard_wasm_testing::{Server, guest};

use crate::support::host;

/// Serves the app `waiting` in one worker with an instance policy.
fn serve(policy: &str, args: &[&str]) -> Server {
    let common = ["--workers", "1", "--instances", policy];
    let args = common.iter().chain(args);
    host().serve(Some(&guest("waiting"))).args(args).start()
}

/// Requests each path on a connection of its own, all at once. Returns status and text in the order of
/// the paths.
fn all_at_once(server: &Server, paths: &[String]) -> Vec<(u16, String)> {
    let requests = paths.iter().map(|path| {
        let (client, path) = (server.client(), path.clone());
        thread::spawn(move || {
            let response = client.get(&path);
            (response.status, response.text())
        })
    });
    let requests: Vec<_> = requests.collect();
    let joined = requests.into_iter().map(|request| request.join());
    joined.map(|answer| answer.expect("an answer")).collect()
}

/// Requests a path, and closes the connection without reading the response.
fn leave(server: &Server, path: &str, after: Duration) {
    let mut wire = server.wire();
    wire.send(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"));
    thread::sleep(after);
}

/// Waits until a global counter of the app has a value.
#[track_caller]
fn wait_for_counter(server: &Server, name: &str, wanted: &str) {
    let start = Instant::now();
    loop {
        let found = server.client().get(&format!("/counters/{name}")).text();
        if found == wanted {
            return;
        }
        let passed = start.elapsed();
        assert!(passed < Duration::from_secs(10), "`{name}` stays {found}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Runs a test with all policies.
fn with_every_policy(test: fn(&Server)) {
    for policy in ["reuse", "fresh", "shared"] {
        let server = serve(policy, &[]);
        test(&server);
        server.stop();
    }
}

#[test]
fn operations_of_a_request_run_at_the_same_time() {
    with_every_policy(|server| {
        let start = Instant::now();
        assert_eq!(server.client().get("/all/100/200").text(), "100");
        let passed = start.elapsed();
        assert!(passed >= Duration::from_millis(200), "{passed:?}");
        assert!(passed < Duration::from_secs(10), "{passed:?}");
    });
}

#[test]
fn a_request_reads_its_own_head_after_it_has_waited() {
    with_every_policy(|server| {
        let requests = (0..24).map(|number| {
            let client = server.client();
            thread::spawn(move || {
                let name = format!("name-{number}");
                let path = format!("/sleep/{}", 40 - number);
                let headers = [("x-name", name.as_str())];
                let response = client.send("GET", &path, &headers, b"");
                assert_eq!(response.text(), name);
            })
        });
        let requests: Vec<_> = requests.collect();
        requests
            .into_iter()
            .for_each(|it| it.join().expect("its own name"));
    });
}

#[test]
fn failures_after_waiting_are_logged_and_hidden() {
    with_every_policy(|server| {
        let response = server.client().get("/fail/5");
        assert_eq!(response.status, 500);
        assert!(!response.text().contains("on purpose"));
        let _ = server.logged("the handler failed: it failed on purpose");
        // The panic's own message, not only the trap.
        assert_eq!(server.client().get("/trap/5").status, 500);
        let _ = server.logged("it trapped on purpose");
        assert_eq!(server.client().get("/sleep/1").status, 200);
    });
}

#[test]
fn a_deadline_runs_the_cleanup_code() {
    with_every_policy(|server| {
        let response = server.client().get("/cleanup/5000");
        assert_eq!(response.status, 504, "{}", response.text());
        wait_for_counter(server, "cleaned", "1");
    });
}

#[test]
fn a_disconnect_runs_the_cleanup_code() {
    with_every_policy(|server| {
        leave(server, "/cleanup/250", Duration::from_millis(100));
        wait_for_counter(server, "cleaned", "1");
    });
}

#[test]
fn work_goes_on_after_the_reply() {
    with_every_policy(|server| {
        assert_eq!(server.client().get("/background/100").text(), "replied");
        assert_eq!(server.client().get("/counters/background").text(), "0");
        wait_for_counter(server, "background", "1");
        assert_eq!(
            server.client().get("/counters/background-dropped").text(),
            "0"
        );
    });
}

#[test]
fn work_after_the_reply_is_limited() {
    for policy in ["reuse", "fresh", "shared"] {
        let server = serve(policy, &["--background-time", "100ms"]);
        assert_eq!(server.client().get("/background/60000").text(), "replied");
        let _ = server.logged("work");
        wait_for_counter(&server, "background-dropped", "1");
        assert_eq!(server.client().get("/counters/background").text(), "0");
        server.stop();
    }
}

#[test]
fn shutdown_waits_for_work_after_the_reply() {
    for policy in ["reuse", "fresh", "shared"] {
        let server = serve(policy, &[]);
        assert_eq!(server.client().get("/background/400").text(), "replied");
        let start = Instant::now();
        let report = server.stop();
        let passed = start.elapsed();
        assert_eq!(report.code, Some(0), "{}", report.log);
        assert!(passed >= Duration::from_millis(300), "{policy}: {passed:?}");
        assert!(passed < Duration::from_secs(20), "{policy}: {passed:?}");
    }
}

#[test]
fn the_number_of_operations_is_limited() {
    with_every_policy(|server| {
        assert_eq!(server.client().get("/many/1000").status, 200);
        assert_eq!(server.client().get("/many/10000").status, 500);
        let _ = server.logged("the instance has 1024 operations in progress, the limit");
        // In a shared instance the operations of the failed request end after its reply.
        let start = Instant::now();
        while server.client().get("/many/1000").status != 200 {
            let passed = start.elapsed();
            assert!(passed < Duration::from_secs(10), "it still fails");
            thread::sleep(Duration::from_millis(20));
        }
    });
}

#[test]
fn an_app_gives_its_own_form_to_errors_of_requests_without_a_route() {
    with_every_policy(|server| {
        let client = server.client();
        for (method, path, status) in [
            ("GET", "/nowhere", 404),
            ("POST", "/gate", 405),
            ("GET", "/fail/1", 500),
            ("GET", "/sleep/no-number", 422),
        ] {
            let response = client.send(method, path, &[], b"");
            assert_eq!(response.status, status, "{path}");
            assert_eq!(response.header("x-error"), "own", "{path}");
        }
    });
}
