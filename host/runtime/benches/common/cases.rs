//! The measured handlers: their requests and replies.

use crate::common::types::{Body, Request};
use wasmtime::{Result, ensure};

/// The reply of the smallest handler.
pub(crate) const HELLO: &str = r#"{"message":"Hello, World!"}"#;

/// The JSON that a handler parses and serializes: 200 bytes.
pub(crate) const SMALL: &str = concat!(
    r#"{"id":7421,"name":"Copper kettle 2 l","price":48.5,"in_stock":true,"tags":["kitchen","metal","gift"],"#,
    r#""size":{"height":24,"width":18,"unit":"cm"},"seller":{"id":93,"name":"Harbour Goods","rating":4.7}}"#
);

/// The size of the echoed text in bytes.
const ECHO: usize = 10 * 1024;

/// The echoed text: 10 KiB of JSON in ASCII.
pub(crate) fn large() -> &'static str {
    let mut large = String::from("[");
    while large.len() + SMALL.len() + 4 < ECHO {
        large.push_str(SMALL);
        large.push(',');
    }
    let rest = ECHO - large.len() - 3;
    large.push_str(&format!("\"{}\"]", "x".repeat(rest)));
    large.leak()
}

/// A handler with its request and expected reply.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// The route in the app.
    pub(crate) path: &'static str,
    /// The route number in a guest of `bench/shapes`.
    pub(crate) route: u32,
    pub(crate) body: Body,
    expected: &'static str,
}

impl Case {
    /// Returns the handlers of the app in `bench/boundary`.
    pub(crate) fn all() -> [Self; 3] {
        let large = large();
        let case = |name, path, route, body, expected| Self {
            name,
            path,
            route,
            body,
            expected,
        };
        [
            case("hello", "/hello", 0, Body::Empty, HELLO),
            case("parse and echo 200 B", "/echo", 1, Body::Json(SMALL), SMALL),
            case("echo 10 KiB", "/text", 2, Body::Text(large), large),
        ]
    }

    /// Returns the request for a guest that is called through wasmtime directly.
    pub(crate) fn request(&self) -> Request {
        Request {
            route: self.route,
            params: "",
            body: self.body,
        }
    }

    /// Checks a reply; the order of object members does not matter.
    pub(crate) fn check(&self, status: u16, text: &str) -> Result<()> {
        let json = |text| serde_json::from_str::<serde_json::Value>(text).ok();
        let same =
            text == self.expected || json(text).is_some_and(|v| Some(v) == json(self.expected));
        ensure!(
            status == 200,
            "`{}` replied with status `{status}`",
            self.name
        );
        ensure!(same, "`{}` replied `{text}`", self.name);
        Ok(())
    }
}
