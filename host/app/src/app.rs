//! An app: its validated routes and the router that finds them.

use std::borrow::Cow;

use crate::app_error::AppError;
use crate::declared::Declared;
use crate::description::Description;
use crate::fallback::Fallback;
use crate::isolation::Isolation;
use crate::lifespan::Lifespan;
use crate::overrides;
use crate::path::normalize;
use crate::policy::{Policies, StaticMount};
use crate::refusal::Refusal;
use crate::route::Route;
use crate::router::{PathValues, RouteMatch, Router};
use crate::settings::{Defaults, Settings};
use crate::trailing_slash::{TrailingSlash, toggle_trailing_slash};

/// A validated app: every path pattern is parsed and every schema is compiled.
#[derive(Debug)]
pub struct App {
    name: String,
    version: String,
    routes: Vec<Route>,
    router: Router,
    trailing_slash: TrailingSlash,
    policies: Option<Policies>,
    statics: Vec<StaticMount>,
    fallback: Fallback,
    lifespan: Lifespan,
    declared: Declared,
}

impl App {
    /// Validates a description.
    ///
    /// # Errors
    /// Names the invalid route or setting, and the error.
    pub fn new(description: &Description, defaults: &Defaults) -> Result<Self, AppError> {
        if description.routes.is_empty() {
            return Err(AppError::NoRoutes(description.name.clone()));
        }
        let settings = Settings::parse(&description.settings)
            .map_err(|error| AppError::Settings(error.to_string()))?;
        let name = description.name.as_str();
        let policies = Policies::check(
            settings.policies(),
            &Policies::default(),
            &defaults.secrets,
            name,
        )
        .map_err(AppError::Policy)?;
        let statics = settings.r#static.as_deref().unwrap_or_default();
        let statics = StaticMount::check_all(statics).map_err(AppError::Policy)?;
        if settings.deprecated.is_some() {
            let reason = "`deprecated` is for a route, not for the app; move it to a route";
            return Err(AppError::Settings(reason.to_owned()));
        }
        let lifespan = settings.lifespan.unwrap_or_default();
        let lifespan = lifespan.check(description.routes.len());
        let secrets = settings.secrets.as_deref().unwrap_or_default();
        let declared = Declared::new(settings.config.as_ref(), secrets);
        let mut routes: Vec<Route> = Vec::with_capacity(description.routes.len());
        let mut router = Router::default();
        for (index, described) in description.routes.iter().enumerate() {
            let route = Route::check(described, &settings, (name, &policies), defaults)?;
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            router
                .insert(route.method(), route.pattern(), index)
                .map_err(|collision| {
                    let label = |route: &Route| format!("{} {}", route.method(), route.pattern());
                    let earlier = routes.get(collision.with as usize).unwrap_or(&route);
                    AppError::Collision(label(earlier), label(&route))
                })?;
            routes.push(route);
        }
        let names: Vec<_> = routes.iter().map(Route::name).collect();
        overrides::check(&defaults.routes, &names)?;
        Ok(Self {
            name: description.name.clone(),
            version: description.version.clone(),
            routes,
            router,
            trailing_slash: settings.trailing_slash.unwrap_or_default(),
            policies: Some(policies).filter(|policies| !policies.is_empty()),
            statics,
            fallback: Fallback::new(&settings, defaults),
            lifespan: lifespan.map_err(AppError::Settings)?,
            declared: declared.map_err(AppError::Settings)?,
        })
    }

    /// Creates an app that declares no routes because it routes requests itself
    /// (`wasi:http`).
    ///
    /// # Errors
    /// The operator's configuration overrides a route.
    pub fn without_routes(name: &str, defaults: &Defaults) -> Result<Self, AppError> {
        overrides::check(&defaults.routes, &[])?;
        Ok(Self {
            name: name.to_owned(),
            version: String::new(),
            routes: Vec::new(),
            router: Router::default(),
            trailing_slash: TrailingSlash::default(),
            policies: None,
            statics: Vec::new(),
            fallback: Fallback::new(&Settings::default(), defaults),
            lifespan: Lifespan::default(),
            declared: Declared::default(),
        })
    }

    /// Returns the app's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the app's version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns the routes in the order in which the component declares them.
    #[must_use]
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Returns true if any route has this isolation.
    #[must_use]
    pub fn has(&self, isolation: Isolation) -> bool {
        let mut routes = self.routes.iter();
        routes.any(|route| route.isolation() == isolation)
    }

    /// Returns the policies for requests that no route handles: unknown paths, methods
    /// that a path does not support, and static files. `None` if the app declares none.
    #[must_use]
    pub fn policies(&self) -> Option<&Policies> {
        self.policies.as_ref()
    }

    /// Returns the settings for requests that no route handles.
    #[must_use]
    pub fn fallback(&self) -> Fallback {
        self.fallback
    }

    /// Returns the calls outside of requests.
    #[must_use]
    pub fn lifespan(&self) -> Lifespan {
        self.lifespan
    }

    /// Returns the settings and secrets that the app declares.
    #[must_use]
    pub fn declared(&self) -> &Declared {
        &self.declared
    }

    /// Returns the static file mounts, longest prefix first.
    #[must_use]
    pub fn statics(&self) -> &[StaticMount] {
        &self.statics
    }

    /// Finds the static file mount for a path. Returns its index in [`App::statics`] and
    /// the rest of the path below its prefix, still percent-encoded.
    #[must_use]
    pub fn mount<'p>(&self, path: &'p str) -> Option<(usize, Cow<'p, str>)> {
        if self.statics.is_empty() {
            return None;
        }
        let path = normalize(path);
        let mut found = self.statics.iter().enumerate();
        let (index, length) =
            found.find_map(|(index, mount)| Some((index, mount.rest(&path)?.len())))?;
        let at = path.len() - length;
        Some((
            index,
            match path {
                Cow::Borrowed(path) => Cow::Borrowed(&path[at..]),
                Cow::Owned(path) => Cow::Owned(path[at..].to_owned()),
            },
        ))
    }

    /// Returns the policies of an answer to OPTIONS. `next` is the method that a preflight asks
    /// about. The policies are those of the route for that method: a route without CORS must not
    /// answer with the CORS headers of its app.
    #[must_use]
    pub fn policies_of_options(&self, next: Option<&[u8]>, path: &str) -> Option<&Policies> {
        let next = next.and_then(|method| std::str::from_utf8(method).ok());
        match next.and_then(|method| self.about(method, path)) {
            Some((Some(route), _)) => route.policies(),
            _ => self.policies(),
        }
    }

    /// Returns the route for a method and a path, if any, and the path's `Allow` value;
    /// `None` if no route has the path. A CORS preflight uses this to look up the route of
    /// the request that follows it.
    #[must_use]
    pub fn about(&self, method: &str, path: &str) -> Option<(Option<&Route>, &str)> {
        let normal = normalize(path);
        let about = self.router.about(method, &normal).or_else(|| {
            let is_strict = self.trailing_slash == TrailingSlash::Strict;
            let other = toggle_trailing_slash(&normal).filter(|_| !is_strict)?;
            self.router.about(method, &other)
        });
        let (route, allow) = about?;
        let route = route.and_then(|index| self.routes.get(index as usize));
        Some((route, allow))
    }

    /// Finds the route of a request. Normalizes the path first, and passes the match to
    /// `hit`, because path values borrow from the normalized path.
    ///
    /// # Errors
    /// 404, or 405 with the methods that the path supports.
    pub fn find<'a, T>(
        &'a self,
        method: &str,
        path: &str,
        hit: impl FnOnce(Hit<'a, '_>) -> T,
    ) -> Result<T, Refusal> {
        let normal = normalize(path);
        let found = self.router.find(method, &normal, path);
        if !matches!(found, RouteMatch::NotFound) || self.trailing_slash == TrailingSlash::Strict {
            return self.resolve_match(found, hit);
        }
        let (Some(other), Some(to)) = (toggle_trailing_slash(&normal), toggle_trailing_slash(path))
        else {
            return Err(Refusal::NotFound);
        };
        let found = self.router.find(method, &other, &to);
        match (self.trailing_slash, found) {
            (_, RouteMatch::NotFound) => Err(Refusal::NotFound),
            (TrailingSlash::Redirect, _) => Ok(hit(Hit::Redirect { to })),
            (_, found) => self.resolve_match(found, hit),
        }
    }

    fn resolve_match<'a, T>(
        &'a self,
        found: RouteMatch<'a, '_>,
        hit: impl FnOnce(Hit<'a, '_>) -> T,
    ) -> Result<T, Refusal> {
        match found {
            RouteMatch::Route {
                route: index,
                values,
            } => {
                let route = self.routes.get(index as usize).ok_or(Refusal::NotFound)?;
                Ok(hit(Hit::Route {
                    index,
                    route,
                    values,
                }))
            }
            RouteMatch::Options { allow } => Ok(hit(Hit::Options { allow })),
            RouteMatch::NotFound => Err(Refusal::NotFound),
            RouteMatch::MethodNotAllowed { allow } => Err(Refusal::MethodNotAllowed {
                allow: allow.to_owned(),
            }),
        }
    }
}

/// The result of a successful route lookup.
#[derive(Debug)]
pub enum Hit<'a, 'p> {
    /// A route.
    Route {
        /// Its index.
        index: u32,
        /// The route.
        route: &'a Route,
        /// The raw values of its path parameters.
        values: PathValues<'a, 'p>,
    },
    /// An OPTIONS request for a path that has no OPTIONS route.
    Options {
        /// The value of `Allow`.
        allow: &'a str,
    },
    /// A path that exists only with or without its trailing slash (308).
    Redirect {
        /// The existing path, encoded as in the request. The caller appends the query.
        to: String,
    },
}

#[cfg(test)]
mod tests;
