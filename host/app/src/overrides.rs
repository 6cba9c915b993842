//! Per-route overrides by the operator, which take precedence over the component.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::app_error::AppError;
use crate::isolation::Isolation;
use crate::nearest::nearest;

/// An operator's override for one route. `None` keeps the component's value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RouteOverride {
    /// The isolation between requests.
    pub instances: Option<Isolation>,
    /// The maximum duration of a call.
    pub timeout: Option<Duration>,
    /// The maximum size of a request body, in bytes.
    pub body_limit: Option<u64>,
}

/// The source of a route's limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The default for all routes: the operator's, or else the host's.
    Default,
    /// The component's declaration.
    Component,
    /// The operator's override for this route.
    Override,
}

/// The sources of a route's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origins {
    /// The source of [`Route::isolation`](crate::Route::isolation).
    pub instances: Origin,
    /// The source of [`Route::timeout`](crate::Route::timeout).
    pub timeout: Origin,
    /// The source of [`Route::body_limit`](crate::Route::body_limit).
    pub body_limit: Origin,
}

/// Returns the operator's value, else the component's, else the default, with its source.
pub(crate) fn choose<T>(operator: Option<T>, component: Option<T>, default: T) -> (T, Origin) {
    match (operator, component) {
        (Some(value), _) => (value, Origin::Override),
        (None, Some(value)) => (value, Origin::Component),
        (None, None) => (default, Origin::Default),
    }
}

/// Lists the names of the first routes.
fn list_names(routes: &[&str]) -> String {
    const MAX_LISTED: usize = 8;
    let names = routes
        .iter()
        .take(MAX_LISTED)
        .map(|name| format!("`{name}`"));
    let mut names = names.collect::<Vec<_>>().join(", ");
    if routes.len() > MAX_LISTED {
        names += &format!(" and {} more", routes.len() - MAX_LISTED);
    }
    names
}

/// Rejects an override for a route that the app does not have. `routes`: the names of the
/// app's routes.
pub(crate) fn check(
    overrides: &BTreeMap<String, RouteOverride>,
    routes: &[&str],
) -> Result<(), AppError> {
    let names = || routes.iter().copied();
    match overrides
        .keys()
        .find(|key| !names().any(|name| name == *key))
    {
        None => Ok(()),
        Some(unknown) => Err(AppError::UnknownRoute {
            hint: match nearest(unknown, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has {}", list_names(routes)),
            },
            route: unknown.clone(),
        }),
    }
}
