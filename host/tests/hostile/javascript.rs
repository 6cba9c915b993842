//! Hostile JavaScript on QuickJS: an error of the handler never costs the instance.

use spikard_wasm_testing::{Server, guest};

use super::attack::Attack;
use crate::support::host;

fn serve(args: &[&str]) -> Server {
    host()
        .serve(Some(&guest("hostile-js")))
        .args(["--workers", "1", "--max-instances", "1"])
        .args(args)
        .start()
}

/// The log messages of the exceptions that `/do/NAME` throws.
const ERRORS: [(&str, &str); 26] = [
    ("recursion", "RangeError: Maximum call stack size exceeded"),
    ("getter", "RangeError: Maximum call stack size exceeded"),
    ("conversion", "RangeError: Maximum call stack size exceeded"),
    ("sort", "RangeError: Maximum call stack size exceeded"),
    ("replacer", "RangeError: Maximum call stack size exceeded"),
    ("class", "RangeError: Maximum call stack size exceeded"),
    ("generator", "RangeError: Maximum call stack size exceeded"),
    ("async", "RangeError: Maximum call stack size exceeded"),
    ("parse", "RangeError: Maximum call stack size exceeded"),
    ("unclosed", "RangeError: Maximum call stack size exceeded"),
    ("stringify", "RangeError: Maximum call stack size exceeded"),
    ("flat", "RangeError: Maximum call stack size exceeded"),
    ("compile", "RangeError: Maximum call stack size exceeded"),
    ("expression", "SyntaxError: stack overflow"),
    (
        "arguments",
        "RangeError: too many arguments in function call",
    ),
    ("string", "RangeError: invalid string length"),
    ("buffer", "RangeError: invalid array buffer length"),
    ("getters", "a value that cannot be converted to a string"),
    (
        "symbol",
        "the app threw a value that cannot be converted to a string",
    ),
    ("nothing", "the app threw undefined"),
    (
        "missing",
        "the app imports `nothing`, which a component on QuickJS does not have",
    ),
    (
        "malformed",
        "the reply has content `yaml`: give empty, json, text or bytes",
    ),
    (
        "status",
        "the reply has status `70000`: give one from 200 to 599",
    ),
    (
        "bytes",
        "the content `bytes` of the reply is not a Uint8Array",
    ),
    (
        "detached",
        "the content `bytes` of the reply is not a Uint8Array",
    ),
    (
        "timers",
        "the instance has 1024 operations in progress, the limit",
    ),
];

#[test]
fn an_error_of_the_handler_keeps_the_instance() {
    let server = serve(&[]);
    let client = server.client();
    for (name, error) in ERRORS {
        let target = format!("/do/{name}");
        let _ = client.get(&target).problem(500);
        let line = server.logged(&format!("route=\"GET {target}\""));
        assert!(
            line.contains("the handler failed") && line.contains(error),
            "{name}: {line}"
        );
        assert_eq!(client.get("/fine").text(), "fine", "{name}");
    }
    for name in ["prototype", "globals", "shrunk"] {
        assert_eq!(client.get(&format!("/do/{name}")).status, 200, "{name}");
        assert_eq!(client.get("/fine").text(), "fine", "{name}");
    }
    assert_eq!(client.get("/do/late").text(), "late");
    let log = server.stop().log;
    assert!(!log.contains("trapped"), "{log}");
}

#[test]
fn a_recursion_of_a_usual_depth_succeeds() {
    let server = serve(&[]);
    let client = server.client();
    for (name, depth) in [
        ("function", 1000),
        ("parse", 3000),
        ("stringify", 2500),
        ("map", 250),
    ] {
        assert_eq!(
            client.get(&format!("/depth/{name}/{depth}")).status,
            200,
            "{name}"
        );
    }
}

#[test]
fn javascript_that_does_not_return_or_takes_all_memory() {
    let attack = Attack::on(&guest("hostile-js"), &["--workers", "1", "--timeout", "1s"]);
    for name in ["backtracking", "microtasks"] {
        for response in attack.act_at_once(2, &format!("/do/{name}"), "") {
            let _ = response.problem(504);
        }
    }
    let _ = attack.server().client().get("/do/memory").problem(504);
    let _ = attack.end(super::attack::HOST + super::attack::INSTANCE);
}

/// `scripts/guests` builds it with componentize-qjs, as the SDK did before it had its own engine.
#[test]
fn a_component_of_the_earlier_builder_loads() {
    let server = host().serve(Some(&guest("quickjs-earlier"))).start();
    let response = server.client().get("/hello");
    assert_eq!(
        (response.status, response.text()),
        (200, r#"{"message":"Hello, World!"}"#.into())
    );
}
