//! Traffic policies: rate limits, CORS and compression.

use serde::Serialize;

use super::values::{Names, Text, Toggle, texts};
use crate::method::{Method, method_name};

/// Limits the rate of requests of each client. The host rejects the rest with status 429.
///
/// The limit is a token bucket: a client can send up to `burst` requests at once after an idle
/// period.
///
/// ```
/// # use spikard_wasm_sdk::{App, RateLimit};
/// let app = App::new("users").rate_limit(RateLimit::per_second(10).burst(20).by_header("x-api-key"));
/// ```
#[derive(Clone, Debug, Serialize)]
#[must_use = "a policy does nothing until an app or a route has it"]
pub struct RateLimit {
    requests: u32,
    per: Per,
    #[serde(skip_serializing_if = "Option::is_none")]
    burst: Option<u32>,
    #[serde(skip_serializing_if = "By::is_default")]
    by: By,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Per {
    Second,
    Minute,
    Hour,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum By {
    Client,
    Route,
    Header(Text),
}

impl By {
    fn is_default(&self) -> bool {
        matches!(self, Self::Client)
    }
}

impl RateLimit {
    /// Allows `requests` per second.
    pub fn per_second(requests: u32) -> Self {
        Self::new(requests, Per::Second)
    }

    /// Allows `requests` per minute.
    pub fn per_minute(requests: u32) -> Self {
        Self::new(requests, Per::Minute)
    }

    /// Allows `requests` per hour.
    pub fn per_hour(requests: u32) -> Self {
        Self::new(requests, Per::Hour)
    }

    fn new(requests: u32, per: Per) -> Self {
        Self {
            requests,
            per,
            burst: None,
            by: By::Client,
        }
    }

    /// Sets the maximum burst of requests; the requests of one period by default.
    pub fn burst(mut self, requests: u32) -> Self {
        self.burst = Some(requests);
        self
    }

    /// Counts requests per client address, the default.
    pub fn by_client(mut self) -> Self {
        self.by = By::Client;
        self
    }

    /// Counts all clients of the route together.
    pub fn by_route(mut self) -> Self {
        self.by = By::Route;
        self
    }

    /// Counts requests per value of a header, such as `x-api-key`.
    pub fn by_header(mut self, name: impl Into<Text>) -> Self {
        self.by = By::Header(name.into());
        self
    }
}

/// Lets pages of other origins read replies (CORS, by the Fetch standard).
///
/// ```
/// # use spikard_wasm_sdk::{App, Cors};
/// let app = App::new("users").cors(Cors::new(["https://app.example"]).credentials().max_age(600));
/// ```
#[derive(Clone, Debug, Serialize)]
#[must_use = "a policy does nothing until an app or a route has it"]
pub struct Cors {
    origins: Names,
    #[serde(skip_serializing_if = "Option::is_none")]
    methods: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<Names>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    expose: Vec<Text>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    credentials: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_age: Option<u32>,
}

impl Cors {
    /// Allows pages of some origins, such as `https://app.example`.
    pub fn new(origins: impl IntoIterator<Item = impl Into<Text>>) -> Self {
        Self::of(Names::Some(texts(origins)))
    }

    /// Allows pages of any origin, without credentials.
    pub fn any() -> Self {
        Self::of(Names::All)
    }

    fn of(origins: Names) -> Self {
        Self {
            origins,
            methods: None,
            headers: None,
            expose: Vec::new(),
            credentials: false,
            max_age: None,
        }
    }

    /// Sets the allowed methods; those of the path's routes by default.
    pub fn methods(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        self.methods = Some(methods.into_iter().map(method_name).collect());
        self
    }

    /// Sets the request headers that a page may send in addition to the CORS-safelisted ones.
    pub fn headers(mut self, names: impl IntoIterator<Item = impl Into<Text>>) -> Self {
        self.headers = Some(Names::Some(texts(names)));
        self
    }

    /// Allows any request header.
    pub fn any_header(mut self) -> Self {
        self.headers = Some(Names::All);
        self
    }

    /// Sets the reply headers that a page may read in addition to the CORS-safelisted ones.
    pub fn expose(mut self, names: impl IntoIterator<Item = impl Into<Text>>) -> Self {
        self.expose = texts(names);
        self
    }

    /// Allows cookies and other credentials. The host refuses to load an app that combines this
    /// with [`any`](Self::any).
    pub fn credentials(mut self) -> Self {
        self.credentials = true;
        self
    }

    /// Sets the time that a browser may cache the answer to a preflight request, in seconds.
    pub fn max_age(mut self, seconds: u32) -> Self {
        self.max_age = Some(seconds);
        self
    }
}

/// Compresses replies for clients that accept it.
///
/// ```
/// # use spikard_wasm_sdk::{App, Compression, CompressionAlgorithm};
/// let app = App::new("users")
///     .compression(Compression::new().algorithms([CompressionAlgorithm::Gzip]).min_size(4096));
/// let defaults = App::new("users").compression(true);
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[must_use = "a policy does nothing until an app or a route has it"]
pub struct Compression {
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithms: Option<Vec<CompressionAlgorithm>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<u8>,
}

/// A content coding that compresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CompressionAlgorithm {
    /// Zstandard (RFC 8878).
    Zstd,
    /// Brotli (RFC 7932).
    #[serde(rename = "br")]
    Brotli,
    /// Gzip (RFC 1952).
    Gzip,
}

impl Compression {
    /// Uses the defaults of the host.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the algorithms, in order of preference.
    pub fn algorithms(
        mut self,
        algorithms: impl IntoIterator<Item = CompressionAlgorithm>,
    ) -> Self {
        self.algorithms = Some(algorithms.into_iter().collect());
        self
    }

    /// Sets the minimum size of a compressed body, in bytes.
    pub fn min_size(mut self, bytes: u64) -> Self {
        self.min_size = Some(bytes);
        self
    }

    /// Sets the compression level, on the scale of each algorithm.
    pub fn level(mut self, level: u8) -> Self {
        self.level = Some(level);
        self
    }
}

impl From<Compression> for Toggle<Compression> {
    fn from(policy: Compression) -> Self {
        Self::With(policy)
    }
}
