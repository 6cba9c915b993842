//! Apps for `wasi:http` that violate the protocol. Before the head is sent, the client gets a
//! problem document; afterwards, the response is visibly truncated.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use spikard_wasm_testing::{Server, guest};

use crate::support::host;

fn serve(args: &[&str]) -> Server {
    let serve = host().serve(Some(&guest("hostile-http")));
    serve.args(["--workers", "1"]).args(args).start()
}

/// Runs an action with both instance policies, and checks that the host still serves requests.
fn with_both_policies(args: &[&str], act: impl Fn(&Server)) {
    for policy in ["fresh", "reuse"] {
        let server = serve(&[&["--instances", policy], args].concat());
        act(&server);
        assert_eq!(server.client().get("/fine").text(), "fine", "{policy}");
        assert_eq!(server.stop().code, Some(0), "{policy}");
    }
}

/// Returns the body of a response of status 500. A guest that has written a part of its body may be
/// interrupted by the tick of the epoch; then the host sends the head, and the request is repeated.
fn failure(server: &Server, path: &str) -> String {
    let mut answers = (0..5).map(|_| until_closed(server, path));
    let answer = answers.find(|(head, _)| head.starts_with("HTTP/1.1 500 "));
    answer.unwrap_or_else(|| panic!("{path}: no status 500")).1
}

/// Reads everything until the server closes the connection.
fn until_closed(server: &Server, path: &str) -> (String, String) {
    let mut wire = server.wire();
    wire.send(format!(
        "GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
    ));
    let all = wire.rest();
    let all = String::from_utf8_lossy(&all).into_owned();
    // A head that the host had not sent yet is lost with the connection.
    let (head, body) = all.split_once("\r\n\r\n").unwrap_or_default();
    (head.to_owned(), body.to_owned())
}

#[test]
fn a_failure_before_the_head_is_a_problem_document() {
    let cases = [
        ("/nothing", "without one (`response-outparam.set`)"),
        ("/error", "the error `ErrorCode::LoopDetected`"),
        ("/twice", "the guest trapped"),
        ("/longer", "did not finish its body"),
        ("/shorter", "did not finish its body"),
        ("/no-body-but-a-length", "its `content-length` is 5"),
        ("/informational", "its status `101` is informational"),
        ("/many-headers", "the limit `reply_headers` of 256"),
        ("/unfinished", "did not finish its body"),
        ("/forgotten", "did not finish its body"),
        ("/hoards", "the guest trapped"),
    ];
    with_both_policies(&[], |server| {
        for (path, logged) in cases {
            let problem = failure(server, path);
            assert!(problem.contains("\"status\":500"), "{path}: {problem}");
            assert!(!problem.contains(logged), "{path}: {problem}");
            let line = server.logged(logged);
            assert!(line.contains("ERROR"), "{path}: {line}");
        }
    });
}

#[test]
fn a_failure_after_the_head_truncates_the_response() {
    let cases = [
        (
            "/longer-later",
            "longer",
            "is longer than its `content-length`",
        ),
        ("/shorter-later", "shorter", "did not finish its body"),
        ("/forgotten-later", "half", "did not finish its body"),
        ("/traps-half-way", "half", "the guest trapped"),
        ("/spins-half-way", "half", "exceeded its deadline of 400ms"),
    ];
    with_both_policies(&["--timeout", "400ms"], |server| {
        for (path, came, logged) in cases {
            let (head, body) = until_closed(server, path);
            assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{path}: {head}");
            assert!(!body.ends_with("0\r\n\r\n"), "{path}: {body}");
            assert!(body.contains(came), "{path}: {body}");
            let line = server.logged(logged);
            assert!(
                line.contains("the response head was already sent"),
                "{line}"
            );
        }
    });
}

/// The host ignores framing headers from the guest.
#[test]
fn only_the_host_frames_messages() {
    with_both_policies(&[], |server| {
        let mut wire = server.wire();
        // The reply of a guest that the tick of the epoch interrupts is streamed, and such a reply
        // may have trailers. Only a whole one is checked.
        let mut replies = (0..5).map(|_| wire.ask("GET /frames HTTP/1.1\r\nhost: a"));
        let framed = replies.find(|reply| reply.header("content-length").is_some());
        let framed = framed.expect("a reply that was not streamed");
        assert_eq!((framed.status, framed.text().as_str()), (200, "framed"));
        assert_eq!(
            (framed.header("te"), framed.header("trailer")),
            (None, None)
        );
        assert_eq!(framed.header("x-kept"), Some("yes"));
        // The bytes of a forbidden body are not sent.
        wire.send("GET /no-content HTTP/1.1\r\nhost: a\r\n\r\n");
        let none = wire.head_response();
        assert_eq!((none.status, none.header("content-length")), (204, None));
        assert_eq!(wire.ask("GET /fine HTTP/1.1\r\nhost: a").text(), "fine");
        wire.send("HEAD /fine HTTP/1.1\r\nhost: a\r\n\r\n");
        assert_eq!(wire.head_response().header("content-length"), Some("4"));
        assert_eq!(wire.ask("GET /fine HTTP/1.1\r\nhost: a").text(), "fine");
        // The host rejects tunnels, and requests without a host.
        let tunnel = wire.ask("CONNECT a:80 HTTP/1.1\r\nhost: a:80");
        assert_eq!(tunnel.status, 405, "{tunnel:?}");
        let nameless = server.wire().ask("GET /fine HTTP/1.1");
        assert_eq!(nameless.status, 400, "{nameless:?}");
        let mut old = server.wire();
        old.send("GET /fine HTTP/1.0\r\n\r\n");
        let old = String::from_utf8_lossy(&old.rest()).into_owned();
        assert!(
            old.starts_with("HTTP/1.0 200 OK") && old.ends_with("\r\n\r\nfine"),
            "{old}"
        );
    });
}

/// A failure after a complete reply does not affect the client.
#[test]
fn a_failure_after_the_reply_does_not_affect_the_client() {
    with_both_policies(&["--timeout", "400ms"], |server| {
        let mut wire = server.wire();
        let once = wire.ask("GET /twice-after-a-pause HTTP/1.1\r\nhost: a");
        assert_eq!((once.status, once.text().as_str()), (200, "once"));
        let whole = wire.ask("GET /spins-after HTTP/1.1\r\nhost: a");
        assert_eq!((whole.status, whole.text().as_str()), (200, "whole"));
        assert_eq!(wire.ask("GET /fine HTTP/1.1\r\nhost: a").text(), "fine");
        let _ = server.logged("the guest trapped");
        let late = server.logged("exceeded its deadline of 400ms");
        assert!(
            late.contains("the response head was already sent"),
            "{late}"
        );
    });
}

/// A guest that holds on to a request's body does not block the connection.
#[test]
fn a_request_body_that_the_guest_does_not_release() {
    with_both_policies(&[], |server| {
        let mut wire = server.wire();
        for _ in 0..3 {
            wire.send(
                "POST /keeps-the-request HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nabcde",
            );
            let kept = wire.response();
            assert_eq!((kept.status, kept.text().as_str()), (200, "kept"));
        }
        assert_eq!(wire.ask("GET /fine HTTP/1.1\r\nhost: a").text(), "fine");
        // The host reads only a limited amount of an unread body.
        wire.send(
            "POST /keeps-the-request HTTP/1.1\r\nhost: a\r\ncontent-length: 900000\r\n\r\nabcde",
        );
        let kept = wire.response();
        assert_eq!(
            (kept.status, kept.header("connection")),
            (200, Some("close"))
        );
        assert!(wire.is_closed());
    });
}

#[test]
fn a_reply_body_that_does_not_arrive() {
    with_both_policies(&["--body-timeout", "300ms"], |server| {
        let ask = |rest: &str| {
            let mut wire = server.wire();
            wire.send(format!(
                "POST /reads-to-the-end HTTP/1.1\r\nhost: a\r\n{rest}"
            ));
            wire.response()
        };
        assert_eq!(ask("content-length: 10\r\n\r\nabcde").status, 408);
        assert_eq!(
            ask("transfer-encoding: chunked\r\n\r\n3\r\nabc\r\nnonsense").status,
            400
        );
        let whole = ask("content-length: 5\r\n\r\nabcde");
        assert_eq!((whole.status, whole.text().as_str()), (200, "5"));
    });
}

/// The host limits both size and time of an endless body.
#[test]
fn an_endless_body_that_no_client_reads() {
    with_both_policies(&["--timeout", "500ms", "--max-instances", "2"], |server| {
        assert_eq!(server.client().get("/fine").status, 200);
        let before = server.usage().peak;
        let mut clients: Vec<TcpStream> = (0..2)
            .map(|_| {
                let mut stream = TcpStream::connect(server.address()).expect("a connection");
                stream
                    .write_all(b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n")
                    .expect("a request");
                stream
            })
            .collect();
        let start = Instant::now();
        let unread = server.logged("the client did not read the next chunk");
        assert!(unread.contains("WARN"), "{unread}");
        assert!(start.elapsed() >= Duration::from_millis(400));
        // Both instances are free again.
        for _ in 0..3 {
            assert_eq!(server.client().get("/fine").text(), "fine");
        }
        let grown = server.usage().peak.saturating_sub(before);
        assert!(grown < 32 << 20, "{grown} bytes");
        // The connection ends after the client has read the data in flight.
        let mut stream = clients.remove(0);
        let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        assert!(!all.ends_with(b"0\r\n\r\n"));
    });
}

/// A client that disconnects during a reply ends the call.
#[test]
fn a_client_that_disconnects_during_a_reply() {
    let args = ["--timeout", "10m", "--max-instances", "1"];
    with_both_policies(&args, |server| {
        for path in ["/endless", "/spins-half-way"] {
            let mut wire = server.wire();
            wire.send(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n"));
            assert_eq!(wire.head_response().status, 200);
            thread::sleep(Duration::from_millis(100));
            drop(wire);
            let start = Instant::now();
            assert_eq!(server.client().get("/fine").status, 200, "{path}");
            assert!(start.elapsed() < Duration::from_secs(5), "{path}");
        }
    });
}
