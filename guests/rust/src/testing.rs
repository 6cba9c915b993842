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
//! missing or of another type. It checks no further words of a schema (`minimum`,
//! `pattern`, `format`, `additionalProperties`); the host does. A panic of a handler
//! panics the test.

mod host;
mod reply;
mod request;

pub use reply::TestReply;
pub use request::TestRequest;

use crate::bindings::exports::spikard::handler::definition::Description;
use crate::route::Method;
use crate::{App, Body, Content};

/// Sends requests to an app.
#[derive(Debug)]
pub struct TestClient {
    app: App,
    description: Description,
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
            Ok(description) => Self { app, description },
            Err(sentence) => panic!("{sentence}"),
        }
    }

    methods!(get Get, post Post, put Put, patch Patch, delete Delete, head Head, options Options);

    /// What the app's component would describe.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.description
    }

    fn handle(&self, route: usize, params: &str, body: Body) -> (u16, String, Content) {
        let route = u32::try_from(route).unwrap_or(u32::MAX);
        self.app.handle(route, params, body)
    }
}
