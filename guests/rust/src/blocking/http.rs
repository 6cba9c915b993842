//! The blocking twin of the client for outgoing requests:
//! [`send_blocking`](Request::send_blocking) of a request that [`http::Client`](crate::http::Client) has built.
//!
//! ```
//! use spikard_wasm_sdk::{HttpError, get, http};
//! use spikard_wasm_sdk::blocking::http::Request as _;
//!
//! #[get("/greeting")]
//! fn greeting() -> Result<String, HttpError> {
//!     let reply = http::Client::new().get("https://example.com/greeting").send_blocking()?;
//!     Ok(reply.error_for_status()?.text()?)
//! }
//! ```

use serde::de::DeserializeOwned;

use super::run::block_on;
use crate::OperationError;
use crate::http::{RequestBuilder, Response as AsyncResponse};

/// Sends requests in blocking code.
pub trait Request {
    /// Sends the request and waits for the head of the response.
    ///
    /// # Errors
    /// As [`RequestBuilder::send`].
    fn send_blocking(self) -> Result<Response, OperationError>;
}

impl Request for RequestBuilder {
    fn send_blocking(self) -> Result<Response, OperationError> {
        block_on(self.send()).map(|inner| Response { inner })
    }
}

/// The blocking twin of [`http::Response`](crate::http::Response).
#[derive(Debug)]
pub struct Response {
    inner: AsyncResponse,
}

impl Response {
    /// Returns the status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.inner.status()
    }

    /// Returns true if the status is 200 to 299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.inner.is_success()
    }

    /// Returns the first header with a name. Names are case-insensitive.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.inner.header(name)
    }

    /// Returns all headers, in order.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        self.inner.headers()
    }

    /// Returns an error if the status is 400 to 599.
    ///
    /// # Errors
    /// The code `status`, and the status as [`OperationError::status`].
    pub fn error_for_status(self) -> Result<Self, OperationError> {
        self.inner.error_for_status().map(|inner| Self { inner })
    }

    /// Returns the next bytes of the body, or `None` at its end.
    ///
    /// # Errors
    /// If the rest of the body cannot be read.
    pub fn chunk(&mut self) -> Result<Option<Vec<u8>>, OperationError> {
        block_on(self.inner.chunk())
    }

    /// Returns the whole body.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk).
    pub fn bytes(self) -> Result<Vec<u8>, OperationError> {
        block_on(self.inner.bytes())
    }

    /// Returns the whole body as text. Bytes that are not UTF-8 become `U+FFFD`.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk).
    pub fn text(self) -> Result<String, OperationError> {
        block_on(self.inner.text())
    }

    /// Reads the whole body as JSON.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk), and if the body is not a `T` (code `conversion`).
    pub fn json<T: DeserializeOwned>(self) -> Result<T, OperationError> {
        block_on(self.inner.json())
    }
}
