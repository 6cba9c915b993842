//! Errors in an app's description, reported at load time.

/// An error in an app's description.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppError {
    /// The app has no route.
    #[error("the app `{0}` declares no route; add at least one")]
    NoRoutes(String),
    /// The app's settings cannot be read.
    #[error("the settings of the app cannot be read: {0}")]
    Settings(String),
    /// The app's policies are invalid.
    #[error("the app cannot be served: its {0}")]
    Policy(String),
    /// A route's declarations are invalid.
    #[error("route `{route}` cannot be served: {reason}")]
    Route {
        /// The route's method and path.
        route: String,
        /// The error, as a clause.
        reason: String,
    },
    /// Two routes match the same requests.
    #[error("routes `{0}` and `{1}` match the same requests: remove one or change its path")]
    Collision(String, String),
    /// The operator's configuration names a route that the app does not have.
    #[error(
        "the configuration has `[routes.\"{route}\"]`, but the app has no route of this name: {hint}"
    )]
    UnknownRoute {
        /// The name.
        route: String,
        /// The remedy: a similar name, or the names that exist.
        hint: String,
    },
}
