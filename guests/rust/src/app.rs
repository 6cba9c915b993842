//! The app: its name, version, settings, hooks and routes.

use std::borrow::Cow;

use crate::bindings::exports::spikard::handler::definition::Description;
use crate::hooks::Hooks;
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

    /// Returns the method, path and documentation of each route, in definition order.
    pub fn infos(&self) -> impl Iterator<Item = RouteInfo<'_>> {
        self.routes.iter().map(Route::info)
    }

    /// Returns the description that the component sends to the host.
    ///
    /// # Errors
    /// A sentence that names the first invalid route and its fault.
    pub fn describe(&self) -> Result<Description, String> {
        let routes = self
            .routes
            .iter()
            .map(|route| route.describe(&self.hooks, &self.states));
        Ok(Description {
            name: self.name.clone().into_owned(),
            version: self.version.clone().into_owned(),
            routes: routes.collect::<Result<_, _>>()?,
            settings: self.settings.to_json(false, self.hooks.kinds()),
        })
    }
}
