//! Routers: routes with a common prefix, tags, policies and hooks.

use std::borrow::Cow;

use crate::Route;
use crate::hooks::Hooks;
use crate::settings::Settings;

/// Routes that share a prefix, tags, policies and hooks. Add it to an [`App`](crate::App) or another
/// router with [`nest`](crate::App::nest) or [`merge`](crate::App::merge).
///
/// ```
/// use spikard_wasm_sdk::{App, HttpError, Path, RateLimit, Request, Router, get, routes};
///
/// #[get("/")]
/// fn all() -> &'static str {
///     "all users"
/// }
///
/// #[get("/{id}")]
/// fn one(Path(id): Path<u64>) -> String {
///     format!("user {id}")
/// }
///
/// fn sign_in(request: Request) -> Option<HttpError> {
///     let is_known = request.header("x-user").is_some();
///     (!is_known).then(|| HttpError::unauthorized("say who you are"))
/// }
///
/// let users = Router::new()
///     .tag("users")
///     .rate_limit(RateLimit::per_second(10))
///     .pre_handler(sign_in)
///     .routes(routes![all, one]);
/// let app = App::new("app").nest("/users", users);
/// ```
///
/// A policy of a route replaces the router's, and the router's replaces the app's. Hooks run from
/// the outermost to the innermost: the app's, the router's, the route's.
#[derive(Debug, Default)]
#[must_use = "a router does nothing until you add it to an app"]
pub struct Router {
    pub(crate) settings: Settings,
    pub(crate) hooks: Hooks,
    routes: Vec<Route>,
}

impl Router {
    /// Creates a router without routes.
    pub fn new() -> Self {
        Self::default()
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

    /// Adds a tag to all routes, which groups them in the OpenAPI document.
    pub fn tag(mut self, tag: impl Into<Cow<'static, str>>) -> Self {
        self.settings.tags.push(tag.into());
        self
    }

    /// Marks all routes as deprecated.
    pub fn deprecated(mut self) -> Self {
        self.settings.deprecated = true;
        self
    }

    /// Adds the routes of another router below a prefix.
    pub fn nest(mut self, prefix: &str, router: Self) -> Self {
        self.routes.extend(router.below(prefix));
        self
    }

    /// Adds the routes of another router.
    pub fn merge(self, router: Self) -> Self {
        self.nest("", router)
    }

    /// Returns the routes below a prefix, with what the router gives them.
    pub(crate) fn below(self, prefix: &str) -> impl Iterator<Item = Route> {
        let Self {
            settings,
            hooks,
            routes,
        } = self;
        let prefix = prefix.trim_end_matches('/').to_owned();
        routes.into_iter().map(move |mut route| {
            route.settings.inherit(&settings);
            route.hooks.inherit(&hooks);
            if !prefix.is_empty() {
                let rest = if route.pattern == "/" {
                    ""
                } else {
                    &route.pattern
                };
                route.pattern = Cow::Owned(format!("{prefix}{rest}"));
            }
            route
        })
    }
}
