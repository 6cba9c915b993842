//! Interface between the server's requests and the host functions of guests.

use bytes::Bytes;

use crate::context::LocalContext;
use crate::stages::Stages;

/// The current request. The server lends it to an instance for the duration of a call, so that
/// the host copies only the parts that the guest reads.
pub trait Request: Send + Sync + 'static {
    /// Returns the method as the client sent it.
    fn method(&self) -> &str;
    /// Returns the path, percent-encoded.
    fn path(&self) -> &str;
    /// Returns the query, percent-encoded, without `?`.
    fn query(&self) -> &str;
    /// Calls `each` with every header field in order; names are in lower case.
    fn headers(&self, each: &mut dyn FnMut(&str, &[u8]));
    /// Returns the client's address and port.
    fn peer(&self) -> String;
    /// Returns the request's ID in the log.
    fn id(&self) -> String;
    /// Returns the body as the client sent it.
    fn raw_body(&self) -> Bytes;
    /// Returns the bytes of a file in a multipart form.
    fn file(&self, part: u32) -> Option<Bytes>;
    /// Returns the values that the request's hooks and handler share.
    fn local(&self) -> &LocalContext;
    /// Returns the length of the chain of apps in this host that called one another for this
    /// request.
    fn depth(&self) -> u32 {
        0
    }
    /// Returns the durations of the request's stages.
    fn stages(&self) -> &Stages;
}

/// The request of a call outside of requests. All of its parts are empty.
#[derive(Default)]
pub struct NoRequest {
    local: LocalContext,
    stages: Stages,
}

impl Request for NoRequest {
    fn method(&self) -> &str {
        ""
    }

    fn path(&self) -> &str {
        ""
    }

    fn query(&self) -> &str {
        ""
    }

    fn headers(&self, _: &mut dyn FnMut(&str, &[u8])) {}

    fn peer(&self) -> String {
        String::new()
    }

    fn id(&self) -> String {
        String::new()
    }

    fn raw_body(&self) -> Bytes {
        Bytes::new()
    }

    fn file(&self, _: u32) -> Option<Bytes> {
        None
    }

    fn local(&self) -> &LocalContext {
        &self.local
    }

    fn stages(&self) -> &Stages {
        &self.stages
    }
}
