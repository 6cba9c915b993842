//! An app: its name, its version, its routes.

use std::borrow::Cow;

use crate::bindings::exports::spikard::handler::definition::Description;
use crate::route::RouteInfo;
use crate::settings::Settings;
use crate::{Body, Content, Route, host};

/// An app of HTTP handlers, to be given to [`export!`](crate::export).
#[derive(Debug)]
#[must_use = "an app does nothing until `export!` has it"]
pub struct App {
    name: Cow<'static, str>,
    version: Cow<'static, str>,
    settings: Settings,
    routes: Vec<Route>,
}

impl Default for App {
    fn default() -> Self {
        Self::new("app")
    }
}

impl App {
    /// An app without routes, of version `0.0.0`.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            version: Cow::Borrowed("0.0.0"),
            settings: Settings::default(),
            routes: Vec::new(),
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

    /// Adds routes, as [`routes!`](crate::routes) lists them.
    pub fn routes(mut self, routes: impl IntoIterator<Item = Route>) -> Self {
        self.routes.extend(routes);
        self
    }

    /// The largest body the host takes, in bytes, for routes that don't set their own.
    pub fn body_limit(mut self, bytes: u64) -> Self {
        self.settings.body_limit = Some(bytes);
        self
    }

    /// How long a call may take, in milliseconds, for routes that don't set their own.
    pub fn timeout_ms(mut self, milliseconds: u64) -> Self {
        self.settings.timeout_ms = Some(milliseconds);
        self
    }

    /// The routes, in the order they were added.
    pub fn infos(&self) -> impl Iterator<Item = RouteInfo<'_>> {
        self.routes.iter().map(Route::info)
    }

    /// What the component's `describe` returns.
    ///
    /// # Errors
    /// A sentence that names the route and what is wrong with it.
    pub fn describe(&self) -> Result<Description, String> {
        let routes = self.routes.iter().map(Route::describe);
        Ok(Description {
            name: self.name.clone().into_owned(),
            version: self.version.clone().into_owned(),
            routes: routes.collect::<Result<_, _>>()?,
            settings: self.settings.to_json(false),
        })
    }

    /// What the component's `handle` returns.
    pub(crate) fn handle(&self, route: u32, params: &str, body: Body) -> (u16, String, Content) {
        let route = usize::try_from(route)
            .ok()
            .and_then(|index| self.routes.get(index));
        let Some(route) = route else {
            host::report("the host called a route that the app does not have", "");
            return (500, String::new(), Content::Empty);
        };
        route
            .answer(params, body)
            .finish(route.status)
            .unwrap_or_else(|failure| {
                host::report(&failure.message, &failure.detail);
                (500, String::new(), Content::Empty)
            })
    }
}
