//! HTTP client for well-formed requests.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::{Request, header::HeaderMap};

/// Timeout of a request, including the response body.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A client of one server, which reuses its connections.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    base: String,
}

/// A response.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Client {
    /// Returns a client of the server at `address`.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(TIMEOUT))
            .allow_non_standard_methods(true)
            .build();
        Self {
            agent: config.into(),
            base: format!("http://{address}"),
        }
    }

    /// Sends a request and returns the response. An empty `body` sends a request
    /// without a body.
    ///
    /// # Panics
    /// Panics if no complete response arrives.
    #[must_use]
    pub fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{target}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = if body.is_empty() {
            self.agent.run(request.body(()).expect("a request"))
        } else {
            self.agent.run(request.body(body).expect("a request"))
        };
        let mut answer = answer.unwrap_or_else(|error| panic!("{method} {target}: {error}"));
        let body = answer
            .body_mut()
            .with_config()
            .limit(128 << 20)
            .read_to_vec();
        Response {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: body.unwrap_or_else(|error| panic!("{method} {target}: {error}")),
        }
    }

    /// Sends a GET request.
    #[must_use]
    pub fn get(&self, target: &str) -> Response {
        self.send("GET", target, &[], b"")
    }

    /// Sends a POST request with a body and its content type.
    #[must_use]
    pub fn post(&self, target: &str, content_type: &str, body: &[u8]) -> Response {
        self.send("POST", target, &[("content-type", content_type)], body)
    }

    /// Sends a POST request with a JSON body.
    #[must_use]
    pub fn post_json(&self, target: &str, body: &Value) -> Response {
        self.post(target, "application/json", body.to_string().as_bytes())
    }
}

impl Response {
    /// Returns the value of a header, or an empty string if the header is missing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }

    /// Returns the body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the body as JSON.
    ///
    /// # Panics
    /// Panics if the body is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// Checks that the response is a problem document (RFC 9457) with this status, and
    /// returns the document.
    ///
    /// # Panics
    /// Panics if the status differs or the body is not a problem document.
    #[track_caller]
    #[must_use]
    pub fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let document = self.json();
        assert_eq!(document["status"], status, "{document}");
        for member in ["type", "title", "detail"] {
            assert!(document[member].is_string(), "`{member}` of {document}");
        }
        document
    }
}

/// Encodes files as `multipart/form-data` and returns the content type and the body.
/// Each file is a tuple of field name, file name and content.
#[must_use]
pub fn multipart(files: &[(&str, &str, &[u8])]) -> (String, Vec<u8>) {
    const BOUNDARY: &str = "------------------------d74496d66958873e";
    let mut body = Vec::new();
    for (field, filename, bytes) in files {
        let head = format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"{filename}\"\r\n\
             content-type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}
