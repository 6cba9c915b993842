//! The test client.

use std::time::Duration;

use serde::de::DeserializeOwned;
use spikard_wasm_app::policy::Secrets;

use super::host::Host;
use super::request::TestRequest;
use super::services::{LogLine, OutgoingReply, OutgoingRequest};
use crate::bindings::exports::spikard::handler::definition::Description;
use crate::method::Method;
use crate::{App, FromRequestAsync, host_log};

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
        Self::load(app, Secrets::default(), &[])
    }

    /// Creates a client with the names and values of secrets, which
    /// `spikard-wasm serve --secret` supplies to the host.
    ///
    /// # Panics
    /// If the host would not load the app, for example because a named secret is missing.
    #[must_use]
    pub fn with_secrets(app: App, secrets: &[(&str, &str)]) -> Self {
        let of_policies = secrets.iter();
        let of_policies = of_policies
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
            .collect();
        Self::load(app, of_policies, secrets)
    }

    fn load(app: App, of_policies: Secrets, secrets: &[(&str, &str)]) -> Self {
        host_log::install();
        let host = match Host::load(app, of_policies) {
            Ok(host) => host,
            Err(sentence) => panic!("{sentence}"),
        };
        let secrets = secrets.iter();
        let secrets = secrets.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        host.services.performer.borrow_mut().secrets = secrets.collect();
        Self { host }
    }

    /// Sets a setting of the operator, which [`config`](crate::config) returns.
    #[must_use]
    pub fn with_config(self, name: &str, value: &str) -> Self {
        let mut performer = self.host.services.performer.borrow_mut();
        performer.settings.insert(name.to_owned(), value.to_owned());
        drop(performer);
        self
    }

    /// Replaces an argument that has to wait: handlers, hooks and other arguments get the values of
    /// this function instead. See [`FromRequestAsync`].
    #[must_use]
    pub fn with_argument<T: FromRequestAsync>(self, make: impl Fn() -> T + 'static) -> Self {
        self.host.services.replacements.borrow_mut().insert(make);
        self
    }

    /// Answers the outgoing requests of the app. Without it they fail with the code `denied`.
    ///
    /// ```
    /// # use spikard_wasm_sdk::testing::{OutgoingReply, TestClient};
    /// # use spikard_wasm_sdk::{App, HttpError, Route, http};
    /// let app = App::new("app").route(Route::get("/", async || {
    ///     let reply = http::get("https://example.com/greeting").await?;
    ///     Ok::<_, HttpError>(reply.text().await?)
    /// }));
    /// let client = TestClient::new(app).with_fetch(|request| {
    ///     assert_eq!(request.url, "https://example.com/greeting");
    ///     OutgoingReply::text("hello")
    /// });
    /// assert_eq!(client.get("/").send().text(), "hello");
    /// ```
    #[must_use]
    pub fn with_fetch(
        self,
        answer: impl FnMut(OutgoingRequest) -> OutgoingReply + 'static,
    ) -> Self {
        self.host.services.performer.borrow_mut().fetch.answer = Some(Box::new(answer));
        self
    }

    /// Adds an SQLite database in a temporary file, with the tables and rows that the statements create.
    ///
    /// ```
    /// # use spikard_wasm_sdk::testing::TestClient;
    /// # use spikard_wasm_sdk::{App, Database, HttpError, Route};
    /// let app = App::new("app").route(Route::get("/", async || {
    ///     let name: Option<String> = Database::new("main").first_as("select name from users", ()).await?;
    ///     Ok::<_, HttpError>(name.unwrap_or_default())
    /// }));
    /// let client = TestClient::new(app).with_database(
    ///     "main",
    ///     "create table users (name text); insert into users values ('Ann')",
    /// );
    /// assert_eq!(client.get("/").send().text(), "Ann");
    /// ```
    ///
    /// # Panics
    /// If a statement fails.
    #[cfg(feature = "test-services")]
    #[must_use]
    pub fn with_database(self, name: &str, statements: &str) -> Self {
        let mut performer = self.host.services.performer.borrow_mut();
        if let Err(error) = performer.databases.add(name, statements) {
            panic!("the database `{name}`: {error}");
        }
        drop(performer);
        self
    }

    /// Makes timers take real time. Otherwise time is virtual: when all requests wait, it jumps to
    /// the next timer.
    #[must_use]
    pub fn with_real_time(self) -> Self {
        self.host.services.is_real_time.set(true);
        self
    }

    /// Returns the time that timers have taken since the client was created.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.host.services.elapsed()
    }

    /// Returns the lines that the app has written with the crate `log`, in order.
    #[must_use]
    pub fn log(&self) -> Vec<LogLine> {
        self.host.services.performer.borrow().log.clone()
    }

    /// Checks the declared settings and secrets, and runs the functions of
    /// [`App::on_start`]. Otherwise, the first request does both, and panics on a failure.
    ///
    /// # Errors
    /// A sentence that names a missing or invalid setting or secret, or the failure of a function.
    pub fn start(&self) -> Result<(), String> {
        self.host.start()
    }

    /// Runs the functions of [`App::on_stop`] if the client has started. Dropping the client
    /// does so too, and prints the failure.
    ///
    /// # Errors
    /// The failure of a function.
    pub fn close(self) -> Result<(), String> {
        self.host.stop()
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
