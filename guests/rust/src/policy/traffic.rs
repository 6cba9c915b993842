//! How much, from where and in what form: rate limits, CORS, compression.

use serde::Serialize;

use super::values::{Names, Text, Toggle, texts};
use crate::method::{Method, method_name};

/// Lets each client make so many requests, and answers the others with status 429.
///
/// It is a token bucket: a client that was quiet may make `burst` requests at once,
/// and then as many as flow in.
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
    /// So many requests a second.
    pub fn per_second(requests: u32) -> Self {
        Self::new(requests, Per::Second)
    }

    /// So many requests a minute.
    pub fn per_minute(requests: u32) -> Self {
        Self::new(requests, Per::Minute)
    }

    /// So many requests an hour.
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

    /// How many at once: as many as in the period unless said.
    pub fn burst(mut self, requests: u32) -> Self {
        self.burst = Some(requests);
        self
    }

    /// Counts by the client's address, as it does unless said.
    pub fn by_client(mut self) -> Self {
        self.by = By::Client;
        self
    }

    /// Counts all clients of the route together.
    pub fn by_route(mut self) -> Self {
        self.by = By::Route;
        self
    }

    /// Counts by the value of a header, such as `x-api-key`.
    pub fn by_header(mut self, name: impl Into<Text>) -> Self {
        self.by = By::Header(name.into());
        self
    }
}

/// Lets pages of other origins call the app: CORS, as the Fetch standard has it.
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
    /// Pages of some origins, such as `https://app.example`.
    pub fn new(origins: impl IntoIterator<Item = impl Into<Text>>) -> Self {
        Self::of(Names::Some(texts(origins)))
    }

    /// Pages of any origin, without credentials.
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

    /// The methods a page may use: those that the path answers unless said.
    pub fn methods(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        self.methods = Some(methods.into_iter().map(method_name).collect());
        self
    }

    /// The request headers a page may set, beside those that are always allowed.
    pub fn headers(mut self, names: impl IntoIterator<Item = impl Into<Text>>) -> Self {
        self.headers = Some(Names::Some(texts(names)));
        self
    }

    /// A page may set any request header.
    pub fn any_header(mut self) -> Self {
        self.headers = Some(Names::All);
        self
    }

    /// The reply headers a page may read, beside those that it always may.
    pub fn expose(mut self, names: impl IntoIterator<Item = impl Into<Text>>) -> Self {
        self.expose = texts(names);
        self
    }

    /// Cookies and other credentials come along. Not with [`any`](Self::any): the
    /// host refuses to load that.
    pub fn credentials(mut self) -> Self {
        self.credentials = true;
        self
    }

    /// How long a browser may remember a preflight's answer, in seconds.
    pub fn max_age(mut self, seconds: u32) -> Self {
        self.max_age = Some(seconds);
        self
    }
}

/// How replies are compressed, for clients that accept it.
///
/// ```
/// # use spikard_wasm_sdk::{App, Compression, CompressionAlgorithm};
/// let app = App::new("users")
///     .compression(Compression::new().algorithms([CompressionAlgorithm::Gzip]).min_size(4096));
/// let same_as_it_is = App::new("users").compression(true);
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
    /// As the host has it.
    pub fn new() -> Self {
        Self::default()
    }

    /// The algorithms, the best first.
    pub fn algorithms(
        mut self,
        algorithms: impl IntoIterator<Item = CompressionAlgorithm>,
    ) -> Self {
        self.algorithms = Some(algorithms.into_iter().collect());
        self
    }

    /// The smallest body that is compressed, in bytes.
    pub fn min_size(mut self, bytes: u64) -> Self {
        self.min_size = Some(bytes);
        self
    }

    /// How hard to try, in each algorithm's own scale.
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
