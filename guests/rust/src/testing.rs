//! Tests an app in process: without a component, without a host, without a socket.
//!
//! ```
//! use spikard_wasm_sdk::testing::TestClient;
//! use spikard_wasm_sdk::{App, Path, Route};
//!
//! let app = App::new("users").route(Route::get("/users/{id}", |Path(id): Path<u64>| format!("user {id}")));
//! let client = TestClient::new(app);
//! assert_eq!(client.get("/users/7").send().text(), "user 7");
//! assert_eq!(client.get("/users/x").send().status(), 422);
//! ```
//!
//! The client stands in for the host: it describes the app, finds a route, reads
//! parameters and bodies as the types the route declares, and refuses what is
//! missing or of another type. It runs hooks, and keeps contexts, as the host does.
//! It checks no further words of a schema (`minimum`, `pattern`, `format`,
//! `additionalProperties`) and enforces no policy (`jwt`, `rate_limit`, `cors`, ...);
//! the host does. A panic of a handler panics the test.

mod decode;
mod host;
mod reply;
mod request;

use std::cell::RefCell;
use std::rc::Rc;

use serde::de::DeserializeOwned;

pub use reply::TestReply;
pub use request::TestRequest;

use crate::App;
use crate::bindings::exports::spikard::handler::definition::Description;
use crate::host::fake::Values;
use crate::route::Method;

/// Sends requests to an app.
#[derive(Debug)]
pub struct TestClient {
    app: App,
    description: Description,
    global: Rc<RefCell<Values>>,
}

macro_rules! methods {
    ($($name:ident $method:ident),*) => {
        $(#[doc = concat!("A ", stringify!($name), " request for a path, with a query or without.")]
        pub fn $name(&self, target: &str) -> TestRequest<'_> {
            TestRequest::new(self, Method::$method, target)
        })*
    };
}

impl TestClient {
    /// A client of that app.
    ///
    /// # Panics
    /// Where the host would refuse to load the app, with the sentence it would print.
    #[must_use]
    pub fn new(app: App) -> Self {
        match app.describe() {
            Ok(description) => Self {
                app,
                description,
                global: Rc::default(),
            },
            Err(sentence) => panic!("{sentence}"),
        }
    }

    methods!(get Get, post Post, put Put, patch Patch, delete Delete, head Head, options Options);

    /// What the app's component would describe.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// A value of the app's [`GlobalContext`](crate::GlobalContext), which the
    /// requests of this client share.
    ///
    /// # Panics
    /// Where the value is not a `T`.
    #[must_use]
    pub fn global<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let values = self.global.borrow();
        let value = values.get(key).map(|text| serde_json::from_str(text));
        match value.transpose() {
            Ok(value) => value,
            Err(error) => panic!("`{key}` of the global context: {error}"),
        }
    }
}
