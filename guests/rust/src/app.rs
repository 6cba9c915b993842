//! The app: its name, version, settings, hooks and routes.

use std::borrow::Cow;

use crate::bindings::exports::spikard::handler::definition::Description;
use crate::declared_settings::{self, DeclareSettings};
use crate::hook::Hook;
use crate::hooks::{EarlyHook, Hooks};
use crate::lifespan::{Lifespan, Occasion};
use crate::route::RouteInfo;
use crate::settings::Settings;
use crate::states::States;
use crate::{Route, Router};

/// An app of HTTP handlers. Pass it to [`export!`](crate::export).
#[derive(Debug)]
#[must_use = "an app does nothing until you pass it to `export!`"]
pub struct App {
    name: Cow<'static, str>,
    version: Cow<'static, str>,
    pub(crate) settings: Settings,
    pub(crate) hooks: Hooks,
    pub(crate) routes: Vec<Route>,
    pub(crate) states: States,
    pub(crate) lifespan: Lifespan,
    pub(crate) config: Vec<DeclareSettings>,
}

impl Default for App {
    fn default() -> Self {
        Self::new("app")
    }
}

impl App {
    /// Creates an app without routes, with version `0.0.0`.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            version: Cow::Borrowed("0.0.0"),
            settings: Settings::default(),
            hooks: Hooks::default(),
            routes: Vec::new(),
            states: States::default(),
            lifespan: Lifespan::default(),
            config: Vec::new(),
        }
    }

    /// Sets the app's version, such as `env!("CARGO_PKG_VERSION")`.
    pub fn version(mut self, version: impl Into<Cow<'static, str>>) -> Self {
        self.version = version.into();
        self
    }

    /// Adds a route.
    pub fn route(mut self, route: Route) -> Self {
        self.routes.push(route);
        self
    }

    /// Adds routes, such as those that [`routes!`](crate::routes) lists.
    pub fn routes(mut self, routes: impl IntoIterator<Item = Route>) -> Self {
        self.routes.extend(routes);
        self
    }

    /// Adds the routes of a router below a prefix, such as `/api`.
    pub fn nest(mut self, prefix: &str, router: Router) -> Self {
        self.routes.extend(router.below(prefix));
        self
    }

    /// Adds the routes of a router.
    pub fn merge(self, router: Router) -> Self {
        self.nest("", router)
    }

    /// Adds a value that handlers and hooks take as [`State`](crate::State). A value of the same
    /// type replaces it.
    pub fn state<T: Clone + 'static>(mut self, value: T) -> Self {
        self.states.insert(value);
        self
    }

    /// Runs a function once, before the host accepts connections: to create tables, warm a cache,
    /// check another service. It can take [`State`](crate::State),
    /// [`GlobalContext`](crate::GlobalContext) and other arguments that need no request, and
    /// return `()` or a `Result`. It has 60 seconds.
    ///
    /// Functions run in the order in which you add them, in one instance. If one fails, the host
    /// logs the error and does not start.
    ///
    /// ```
    /// use spikard_wasm_sdk::{App, Database, OperationError, State};
    ///
    /// let app = App::new("app").state(Database::new("main")).on_start(
    ///     async |State(database): State<Database>| {
    ///         let sql = "create table if not exists users (id integer primary key, name text)";
    ///         database.execute(sql, ()).await?;
    ///         Ok::<_, OperationError>(())
    ///     },
    /// );
    /// ```
    pub fn on_start<A>(self, function: impl Hook<A>) -> Self {
        self.run_at(Occasion::Start, function)
    }

    /// Runs a function once, after the last request. It takes and returns what a function of
    /// [`on_start`](Self::on_start) does, and has 60 seconds. The host logs an error. After an
    /// error, the next functions run too.
    pub fn on_stop<A>(self, function: impl Hook<A>) -> Self {
        self.run_at(Occasion::Stop, function)
    }

    /// Runs a function in each instance, before its first handler or hook: to fill a state or a
    /// static. It takes and returns what a function of [`on_start`](Self::on_start) does.
    ///
    /// Requests that arrive meanwhile wait. If the function fails, they get status 500, and the
    /// next request runs it again. With [`Instances::Fresh`](crate::Instances), it runs for every
    /// request.
    pub fn on_instance<A>(self, function: impl Hook<A>) -> Self {
        self.run_at(Occasion::Instance, function)
    }

    fn run_at<A>(mut self, occasion: Occasion, function: impl Hook<A>) -> Self {
        self.lifespan.add(occasion, EarlyHook::new(function));
        self
    }

    /// Returns the method, path and documentation of each route, in definition order.
    pub fn infos(&self) -> impl Iterator<Item = RouteInfo<'_>> {
        self.routes.iter().map(Route::info)
    }

    /// Returns the description that the component sends to the host.
    ///
    /// # Errors
    /// A sentence that names the first invalid setting, function or route and its fault.
    pub fn describe(&self) -> Result<Description, String> {
        self.lifespan.check(&self.states)?;
        let settings = Settings {
            lifespan: self.lifespan.numbers(self.routes.len()),
            config: declared_settings::join(&self.config)?,
            ..self.settings.clone()
        };
        let routes = self
            .routes
            .iter()
            .map(|route| route.describe(&self.hooks, &self.states));
        Ok(Description {
            name: self.name.clone().into_owned(),
            version: self.version.clone().into_owned(),
            routes: routes.collect::<Result<_, _>>()?,
            settings: settings.to_json(false, self.hooks.kinds()),
        })
    }
}
