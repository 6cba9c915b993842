//! What an operator says about single routes, whatever the component says.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::app_error::AppError;
use crate::isolation::Isolation;
use crate::nearest::nearest;

/// What an operator says about a route. What is `None` is left to the component.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RouteOverride {
    /// Whether its requests share instances.
    pub instances: Option<Isolation>,
    /// The longest a call may take.
    pub timeout: Option<Duration>,
    /// The longest request body, in bytes.
    pub body_limit: Option<u64>,
}

/// Whose word a limit of a route is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The operator's word about all routes, or nobody's: the host's default.
    Default,
    /// The component's.
    Component,
    /// The operator's about this route.
    Override,
}

/// Whose words the limits of a route are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origins {
    /// Of [`Route::isolation`](crate::Route::isolation).
    pub instances: Origin,
    /// Of [`Route::timeout`](crate::Route::timeout).
    pub timeout: Origin,
    /// Of [`Route::body_limit`](crate::Route::body_limit).
    pub body_limit: Origin,
}

/// The first word of operator, component and default, in this order.
pub(crate) fn choose<T>(operator: Option<T>, component: Option<T>, default: T) -> (T, Origin) {
    match (operator, component) {
        (Some(value), _) => (value, Origin::Override),
        (None, Some(value)) => (value, Origin::Component),
        (None, None) => (default, Origin::Default),
    }
}

/// The names of the first routes.
fn some(routes: &[&str]) -> String {
    const MOST: usize = 8;
    let names = routes.iter().take(MOST).map(|name| format!("`{name}`"));
    let mut names = names.collect::<Vec<_>>().join(", ");
    if routes.len() > MOST {
        names += &format!(" and {} more", routes.len() - MOST);
    }
    names
}

/// Refuses an override of a route that the app does not have; `routes` are their names.
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
                None => format!("it has {}", some(routes)),
            },
            route: unknown.clone(),
        }),
    }
}
