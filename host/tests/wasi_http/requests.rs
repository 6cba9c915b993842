//! Requests and replies with small or no bodies.

use super::{Guest, on_every_guest};

on_every_guest!(
    a_get_is_answered,
    headers_have_several_values,
    printed_lines_are_logged,
    the_environment_has_only_granted_variables,
);

fn a_get_is_answered(guest: Guest) {
    let server = guest.serve(&[]);
    let client = server.client();
    for _ in 0..3 {
        let response = client.get("/hello");
        assert_eq!((response.status, response.text().as_str()), (200, "hello"));
        assert_eq!(response.header("content-type"), "text/plain");
    }
    assert_eq!(client.get("/nowhere?at=all").status, 404);
    // A reply to HEAD has headers but no body, so the next reply follows directly.
    let mut wire = server.wire();
    wire.send("HEAD /hello HTTP/1.1\r\nhost: a\r\n\r\n");
    let head = wire.head_response();
    assert_eq!(head.status, 200);
    assert_eq!(head.header("content-type"), Some("text/plain"));
    assert_eq!(wire.ask("GET /hello HTTP/1.1\r\nhost: a").text(), "hello");
    let _ = server.logged("method=GET path=\"/nowhere\" status=404");
    let stopped = server.stop();
    assert!(!stopped.log.contains("ERROR"), "{}", stopped.log);
}

fn headers_have_several_values(guest: Guest) {
    let server = guest.serve(&[]);
    let mut wire = server.wire();
    let head = "GET /headers HTTP/1.1\r\nhost: a\r\nx-in: first\r\nx-other: no\r\nx-in: second";
    let response = wire.ask(head);
    assert_eq!(
        (response.status, response.text().as_str()),
        (200, "headers")
    );
    assert_eq!(response.header("x-seen"), Some("first|second"));
    let values = response
        .headers
        .iter()
        .filter(|(name, _)| name == "x-multi");
    let values: Vec<_> = values.map(|(_, value)| value.as_str()).collect();
    // `Headers` of JavaScript joins the values of one name, which is equivalent.
    let joined: &[&str] = match guest {
        Guest::Js if values.len() == 1 => &["one, two"],
        _ => &["one", "two"],
    };
    assert_eq!(values, joined);
}

fn printed_lines_are_logged(guest: Guest) {
    let server = guest.serve(&[]);
    assert_eq!(server.client().get("/print").text(), "printed");
    let out = server.logged("a line on standard output");
    assert!(out.contains("INFO guest:"), "{out}");
    let error = server.logged("a line on standard error");
    assert!(error.contains("WARN guest:"), "{error}");
    for line in [out, error] {
        assert!(line.contains(guest.name()), "{line}");
    }
}

fn the_environment_has_only_granted_variables(guest: Guest) {
    // Python sets some variables itself.
    let own = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with("PYTHON"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let server = guest.serve(&[]);
    assert_eq!(own(&server.client().get("/env").text()), [""; 0]);
    drop(server);
    let server = guest.serve(&["--env", "LOG=debug", "--env", "EMPTY="]);
    let mut lines = own(&server.client().get("/env").text());
    lines.sort();
    assert_eq!(lines, ["EMPTY=", "LOG=debug"]);
}
