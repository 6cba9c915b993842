//! Outgoing requests of guests and their allow lists.

use std::time::{Duration, Instant};

use super::peer::Peer;
use super::{Guest, on_every_guest};

on_every_guest!(
    an_allowed_request_is_sent,
    a_request_that_is_not_allowed_is_denied,
    an_answer_is_streamed,
    an_unreachable_server_is_an_error,
);

fn an_allowed_request_is_sent(guest: Guest) {
    let peer = Peer::start();
    let server = guest.serve(&["--allow-outgoing", &peer.origin()]);
    let client = server.client();
    let answer = client.get(&peer.through("/plain?a=b"));
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (200, "from elsewhere")
    );
    let answer = client.get(&peer.through("/teapot"));
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (418, "short and stout")
    );
    let heads = peer.heads();
    assert_eq!(heads.len(), 2, "{heads:?}");
    assert!(heads[0].starts_with("GET /plain?a=b HTTP/1.1\r\n"));
    let host = format!("host: {}", peer.origin().trim_start_matches("http://"));
    let hosts = heads[0]
        .lines()
        .filter(|line| line.to_ascii_lowercase().starts_with("host:"));
    let hosts: Vec<_> = hosts.map(str::to_ascii_lowercase).collect();
    assert_eq!(hosts, [host], "{heads:?}");
}

/// An empty allow list, and one with another port of the same host.
fn a_request_that_is_not_allowed_is_denied(guest: Guest) {
    let (allowed, peer) = (Peer::start(), Peer::start());
    let wanted = match guest {
        // By specification, `fetch` reports no reason.
        Guest::Js => "TypeError",
        _ => "HttpRequestDenied",
    };
    let server = guest.serve(&[]);
    let refused = server.client().get(&peer.through("/plain?a=b"));
    assert_eq!(refused.status, 502, "{}", refused.text());
    assert!(refused.text().contains(wanted), "{}", refused.text());
    drop(server);
    let server = guest.serve(&["--allow-outgoing", &allowed.origin()]);
    let client = server.client();
    let refused = client.get(&peer.through("/plain?a=b"));
    assert_eq!(refused.status, 502, "{}", refused.text());
    assert!(refused.text().contains(wanted), "{}", refused.text());
    assert_eq!(peer.heads().len(), 0, "a denied request was sent");
    // The log has the line to add to the configuration.
    let said = server.logged("outgoing request denied");
    let line = format!("add `{}` to `allow`", peer.origin());
    assert!(said.contains(&line), "{said}");
    // Allowed requests are sent.
    assert_eq!(client.get(&allowed.through("/teapot")).status, 418);
}

/// The first piece of the response arrives before the second is sent.
fn an_answer_is_streamed(guest: Guest) {
    let peer = Peer::start();
    let server = guest.serve(&["--allow-outgoing", &peer.origin()]);
    let mut wire = server.wire();
    assert_eq!(wire.ask("GET /hello HTTP/1.1\r\nhost: a").status, 200);
    wire.send(format!(
        "GET {} HTTP/1.1\r\nhost: a\r\n\r\n",
        peer.through("/slow")
    ));
    assert_eq!(wire.head_response().status, 200);
    assert_eq!(wire.chunk().as_deref(), Some(&b"first\n"[..]));
    let start = Instant::now();
    assert_eq!(wire.chunk().as_deref(), Some(&b"second\n"[..]));
    assert!(start.elapsed() >= Duration::from_millis(150));
    assert_eq!(wire.chunk(), None);
}

fn an_unreachable_server_is_an_error(guest: Guest) {
    let peer = Peer::start();
    let gone = {
        // A port that was free a moment ago, on the allow list.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        format!("http://{}", listener.local_addr().expect("an address"))
    };
    let origin = peer.origin();
    let args = ["--allow-outgoing", &gone, "--allow-outgoing", &origin];
    let server = guest.serve(&args);
    let client = server.client();
    let url = crate::support::encode(&format!("{gone}/"));
    let refused = client.get(&format!("/outgoing?url={url}"));
    let ended = client.get(&peer.through("/gone"));
    for (answer, wanted) in [(refused, "ConnectionRefused"), (ended, "")] {
        assert_eq!(answer.status, 502, "{}", answer.text());
        let wanted = if guest == Guest::Js {
            "TypeError"
        } else {
            wanted
        };
        assert!(answer.text().contains(wanted), "{}", answer.text());
    }
    assert_eq!(client.get("/hello").status, 200);
}
