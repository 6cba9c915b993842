//! The request builder of the test client.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::host::Host;
use super::message::{Message, Part, Payload, append_pair};
use super::reply::TestReply;
use crate::method::Method;

/// A request under construction; [`send`](Self::send) sends it.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct TestRequest<'a> {
    host: &'a Host,
    message: Message,
}

/// Sends requests at the same time, so that one runs while another waits, and returns their
/// replies in the same order. All go to one instance, as with the instance policy `shared`.
///
/// ```
/// # use std::time::Duration;
/// # use spikard_wasm_sdk::testing::{TestClient, send_all};
/// # use spikard_wasm_sdk::{App, Route, sleep};
/// let app = App::new("app").route(Route::get("/", || async {
///     sleep(Duration::from_secs(1)).await;
///     "done"
/// }));
/// let client = TestClient::new(app);
/// let replies = send_all([client.get("/"), client.get("/")]);
/// assert_eq!(replies[1].text(), "done");
/// assert_eq!(client.elapsed(), Duration::from_secs(1));
/// ```
///
/// # Panics
/// If the requests are of different clients.
#[must_use]
pub fn send_all<'a>(requests: impl IntoIterator<Item = TestRequest<'a>>) -> Vec<TestReply> {
    let requests: Vec<_> = requests.into_iter().collect();
    let Some(first) = requests.first() else {
        return Vec::new();
    };
    assert!(
        requests
            .iter()
            .all(|request| std::ptr::eq(request.host, first.host)),
        "`send_all` takes requests of one client"
    );
    let messages: Vec<_> = requests.iter().map(|request| &request.message).collect();
    first.host.answer(&messages)
}

impl<'a> TestRequest<'a> {
    pub(super) fn new(host: &'a Host, method: Method, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            host,
            message: Message {
                method,
                path: path.to_owned(),
                query: query.to_owned(),
                headers: Vec::new(),
                body: Payload::Empty,
                local: BTreeMap::new(),
                disconnect_after: None,
            },
        }
    }

    /// Adds a query parameter and encodes it.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        append_pair(&mut self.message.query, name, value);
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.message
            .headers
            .push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }

    /// Adds a cookie.
    pub fn cookie(self, name: &str, value: &str) -> Self {
        self.header("cookie", &format!("{name}={value}"))
    }

    /// Sets a value of the request's [`LocalContext`](crate::LocalContext). With
    /// `spikard.jwt`, the claims of a token, or `spikard.api-key`, the name of a key,
    /// the request passes the [`Jwt`](crate::Jwt) or [`ApiKey`](crate::ApiKey) policy
    /// unchecked, as if it had shown that token or key.
    ///
    /// # Panics
    /// If the value cannot be JSON.
    pub fn local<T: Serialize + ?Sized>(mut self, key: &str, value: &T) -> Self {
        match serde_json::to_string(value) {
            Ok(text) => self.message.local.insert(key.to_owned(), text),
            Err(error) => panic!("`{key}` of the local context cannot be JSON: {error}"),
        };
        self
    }

    /// Sets a JSON body.
    ///
    /// # Panics
    /// If the value cannot be JSON.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_string(value) {
            Ok(text) => {
                self.message.body = Payload::Bytes("application/json".to_owned(), text.into_bytes())
            }
            Err(error) => panic!("the request's body cannot be written as JSON: {error}"),
        }
        self
    }

    /// Sets a body of plain text.
    pub fn text(self, text: &str) -> Self {
        self.bytes("text/plain", text)
    }

    /// Sets a body of bytes and its content type.
    pub fn bytes(mut self, content_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.message.body = Payload::Bytes(content_type.to_owned(), bytes.into());
        self
    }

    /// Sets a form as body, `application/x-www-form-urlencoded`.
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        let mut text = String::new();
        for (name, value) in fields {
            append_pair(&mut text, name, value);
        }
        self.message.body = Payload::Bytes(
            "application/x-www-form-urlencoded".to_owned(),
            text.into_bytes(),
        );
        self
    }

    /// Adds a field to a `multipart/form-data` body.
    pub fn part(self, field: &str, text: &str) -> Self {
        self.add(Part {
            field: field.to_owned(),
            file: None,
            bytes: text.as_bytes().to_vec(),
        })
    }

    /// Adds a file to a `multipart/form-data` body.
    pub fn file(
        self,
        field: &str,
        filename: &str,
        content_type: &str,
        bytes: impl Into<Vec<u8>>,
    ) -> Self {
        let file = Some((filename.to_owned(), content_type.to_owned()));
        self.add(Part {
            field: field.to_owned(),
            file,
            bytes: bytes.into(),
        })
    }

    /// Sends the request and returns the reply.
    #[must_use]
    pub fn send(self) -> TestReply {
        let mut replies = self.host.answer(&[&self.message]);
        replies.remove(0)
    }

    /// Disconnects if a handler or hook has not replied after this time: the host cancels it. The
    /// reply then has status 499.
    pub fn disconnect_after(mut self, time: Duration) -> Self {
        self.message.disconnect_after = Some(time);
        self
    }

    fn add(mut self, part: Part) -> Self {
        match &mut self.message.body {
            Payload::Multipart(parts) => parts.push(part),
            other => *other = Payload::Multipart(vec![part]),
        }
        self
    }
}
