//! Errors of an app's description, found when the app is loaded.

/// Why a description is not an app.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppError {
    /// It has no route.
    #[error("the app `{0}` declares no route, so there is nothing to serve")]
    NoRoutes(String),
    /// The app's settings cannot be read.
    #[error("the settings of the app cannot be read: {0}")]
    Settings(String),
    /// The app's policies are wrong.
    #[error("the app cannot be served: its {0}")]
    Policy(String),
    /// A route's declarations are wrong.
    #[error("route `{route}` cannot be served: {reason}")]
    Route {
        /// The route's method and path.
        route: String,
        /// What is wrong.
        reason: String,
    },
    /// Two routes match the same requests.
    #[error("routes `{0}` and `{1}` match the same requests: remove one or change its path")]
    Collision(String, String),
    /// The operator speaks of a route that is not there.
    #[error(
        "the configuration has `[routes.\"{route}\"]`, but the app has no route of this name: {hint}"
    )]
    UnknownRoute {
        /// The name.
        route: String,
        /// What to do.
        hint: String,
    },
}
