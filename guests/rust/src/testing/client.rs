//! The test client.

use serde::de::DeserializeOwned;
use spikard_wasm_app::policy::Secrets;

use super::host::Host;
use super::request::TestRequest;
use crate::App;
use crate::bindings::exports::spikard::handler::definition::Description;
use crate::method::Method;

/// Sends requests to an app in process.
#[derive(Debug)]
pub struct TestClient {
    host: Host,
}

macro_rules! methods {
    ($($name:ident $method:ident),*) => {
        $(#[doc = concat!("Starts a ", stringify!($name), " request for a path with an optional query.")]
        pub fn $name(&self, target: &str) -> TestRequest<'_> {
            TestRequest::new(&self.host, Method::$method, target)
        })*
    };
}

impl TestClient {
    /// Creates a client without named secrets. A request that needs a secret such as
    /// `Secret::named("jwt")` panics; see [`with_secrets`](Self::with_secrets).
    ///
    /// # Panics
    /// If the host would not load the app, with the sentence that it would print.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self::load(app, Secrets::default())
    }

    /// Creates a client with the names and values of secrets, which
    /// `spikard-wasm serve --secret` supplies to the host.
    ///
    /// # Panics
    /// If the host would not load the app, for example because a named secret is missing.
    #[must_use]
    pub fn with_secrets(app: App, secrets: &[(&str, &str)]) -> Self {
        let secrets = secrets.iter();
        let secrets = secrets.map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        Self::load(app, secrets.collect())
    }

    fn load(app: App, secrets: Secrets) -> Self {
        match Host::load(app, secrets) {
            Ok(host) => Self { host },
            Err(sentence) => panic!("{sentence}"),
        }
    }

    methods!(get Get, post Post, put Put, patch Patch, delete Delete, head Head, options Options);

    /// Returns the description that the component would send to the host.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.host.description
    }

    /// Returns a value of the app's [`GlobalContext`](crate::GlobalContext), which the requests of
    /// this client share.
    ///
    /// # Panics
    /// If the value is not a `T`.
    #[must_use]
    pub fn global<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let values = self.host.global.borrow();
        let value = values.get(key).map(|text| serde_json::from_str(text));
        match value.transpose() {
            Ok(value) => value,
            Err(error) => panic!("`{key}` of the global context: {error}"),
        }
    }
}
