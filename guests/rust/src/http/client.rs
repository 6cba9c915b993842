//! The client.

use std::borrow::Cow;
use std::time::Duration;

use super::request::{Redirects, RequestBuilder};
use super::response::Response;
use crate::OperationError;

/// Sends requests. It holds the defaults of its requests; the host holds the connections, so that a
/// new client costs nothing.
#[derive(Clone, Debug, Default)]
pub struct Client {
    headers: Vec<(String, String)>,
    timeout: Option<Duration>,
    redirects: Option<Redirects>,
}

macro_rules! methods {
    ($($name:ident $method:literal),*) => {
        $(#[doc = concat!("Starts a ", $method, " request.")]
        pub fn $name(&self, url: impl Into<String>) -> RequestBuilder {
            self.request($method, url)
        })*
    };
}

impl Client {
    /// Creates a client.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a header to every request.
    #[must_use]
    pub fn default_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the time limit of every request: see [`RequestBuilder::timeout`].
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets what every request does with redirects.
    #[must_use]
    pub fn redirects(mut self, redirects: Redirects) -> Self {
        self.redirects = Some(redirects);
        self
    }

    methods!(get "GET", post "POST", put "PUT", patch "PATCH", delete "DELETE", head "HEAD");

    /// Starts a request with any method.
    pub fn request(
        &self,
        method: impl Into<Cow<'static, str>>,
        url: impl Into<String>,
    ) -> RequestBuilder {
        let mut request = RequestBuilder::new(method.into(), url.into());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(timeout) = self.timeout {
            request = request.timeout(timeout);
        }
        if let Some(redirects) = self.redirects {
            request = request.redirects(redirects);
        }
        request
    }
}

/// Sends a GET request with the defaults.
///
/// # Errors
/// As [`RequestBuilder::send`].
pub async fn get(url: impl Into<String>) -> Result<Response, OperationError> {
    Client::new().get(url).send().await
}
