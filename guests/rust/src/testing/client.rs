//! The client of a test.

use serde::de::DeserializeOwned;
use spikard_wasm_app::policy::Secrets;

use super::host::Host;
use super::request::TestRequest;
use crate::App;
use crate::bindings::exports::spikard::handler::definition::Description;
use crate::method::Method;

/// Sends requests to an app.
#[derive(Debug)]
pub struct TestClient {
    host: Host,
}

macro_rules! methods {
    ($($name:ident $method:ident),*) => {
        $(#[doc = concat!("A ", stringify!($name), " request for a path, with a query or without.")]
        pub fn $name(&self, target: &str) -> TestRequest<'_> {
            TestRequest::new(&self.host, Method::$method, target)
        })*
    };
}

impl TestClient {
    /// A client of an app that knows no secret by name. A request that must be checked
    /// with one, such as `Secret::named("jwt")`, panics; see
    /// [`with_secrets`](Self::with_secrets).
    ///
    /// # Panics
    /// Where the host would refuse to load the app, with the sentence it would print.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self::load(app, Secrets::default())
    }

    /// A client of an app whose secrets have these names and values, as
    /// `spikard-wasm serve --secret` gives them.
    ///
    /// # Panics
    /// As [`new`](Self::new), and where a secret that the app names is not given.
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

    /// What the app's component would describe.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.host.description
    }

    /// A value of the app's [`GlobalContext`](crate::GlobalContext), which the
    /// requests of this client share.
    ///
    /// # Panics
    /// Where the value is not a `T`.
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
