//! A request in flight, shared by the exchange and the guest's imports.

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use hyper::http::request::Parts;
use spikard_wasm_app::{FilePart, RequestHead};
use spikard_wasm_runtime::{LocalContext, Stages};

use crate::arrival::Arrival;

/// Request ID in the log and for the handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RequestId {
    /// An ID that is unique in this process and unlikely to occur in another one.
    Number(u64),
    /// An ID that the request-ID policy accepted from the client or generated.
    Text(Arc<str>),
}

impl RequestId {
    pub(crate) fn next() -> Self {
        Self::next_number().0
    }

    /// Returns the next numeric ID, and its number.
    pub(crate) fn next_number() -> (Self, u64) {
        static FIRST: LazyLock<u64> = LazyLock::new(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            let nanos = now.map_or(0, |now| now.as_nanos() as u64);
            nanos.rotate_left(24) ^ u64::from(std::process::id())
        });
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = FIRST.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        (Self::Number(number), number)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number:016x}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Request head, as policies read it.
pub(crate) struct Head<'a>(pub(crate) &'a Parts);

impl RequestHead for Head<'_> {
    fn query(&self) -> &str {
        self.0.uri.query().unwrap_or_default()
    }

    fn header(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        for value in self.0.headers.get_all(name) {
            each(value.as_bytes());
        }
    }
}

/// A request in flight, as its hooks and its handler see it.
pub(crate) struct InFlight {
    pub(crate) parts: Parts,
    pub(crate) peer: SocketAddr,
    depth: u32,
    pub(crate) id: RequestId,
    body: OnceLock<Bytes>,
    files: OnceLock<Vec<FilePart>>,
    pub(crate) local: LocalContext,
    stages: Stages,
}

impl InFlight {
    /// Creates a request whose body has not been read yet.
    pub(crate) fn new(parts: Parts, from: &Arrival, id: RequestId) -> Self {
        Self {
            parts,
            peer: from.peer,
            depth: from.depth,
            id,
            body: OnceLock::new(),
            files: OnceLock::new(),
            local: LocalContext::default(),
            stages: Stages::default(),
        }
    }

    /// Sets the raw body, once it was read.
    pub(crate) fn set_body(&self, bytes: Bytes) {
        // The body is read at most once, so it is not set yet.
        let _ = self.body.set(bytes);
    }

    /// Sets the files of a multipart form.
    pub(crate) fn set_files(&self, files: Vec<FilePart>) {
        let _ = self.files.set(files);
    }
}

impl spikard_wasm_runtime::Request for InFlight {
    fn method(&self) -> &str {
        self.parts.method.as_str()
    }

    fn path(&self) -> &str {
        self.parts.uri.path()
    }

    fn query(&self) -> &str {
        self.parts.uri.query().unwrap_or_default()
    }

    fn headers(&self, each: &mut dyn FnMut(&str, &[u8])) {
        for (name, value) in &self.parts.headers {
            each(name.as_str(), value.as_bytes());
        }
    }

    fn peer(&self) -> String {
        self.peer.to_string()
    }

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn raw_body(&self) -> Bytes {
        self.body.get().cloned().unwrap_or_default()
    }

    fn file(&self, part: u32) -> Option<Bytes> {
        let file = self.files.get()?.get(usize::try_from(part).ok()?)?;
        Some(file.bytes.clone())
    }

    fn local(&self) -> &LocalContext {
        &self.local
    }

    fn depth(&self) -> u32 {
        self.depth
    }

    fn stages(&self) -> &Stages {
        &self.stages
    }
}
