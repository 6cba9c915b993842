//! Checks of a component against the app that it describes.

use spikard_wasm_app::{App, HookKind, Isolation};

use super::Loaded;
use crate::error::LoadError;

impl Loaded {
    /// Checks that the component exports what the routes of its app need: hooks, and the
    /// interface `resumable` for the instance policy `shared`.
    ///
    /// # Errors
    /// A route needs an export that the component does not have.
    pub fn check_app(&self, app: &App) -> Result<(), LoadError> {
        let mut routes = app.routes().iter();
        let shared = routes.find(|route| route.isolation() == Isolation::Shared);
        if let Some(route) = shared
            && self.resumable().is_none()
        {
            return Err(LoadError::NotResumable {
                name: self.name().to_owned(),
                route: format!("{} {}", route.method(), route.pattern()),
            });
        }
        let mut routes = app.routes().iter();
        match routes.find(|route| !route.hooks().is_empty()) {
            Some(route) if self.0.origin.exports.hooks.is_none() => Err(LoadError::NoHooks {
                name: self.0.origin.shared.name.to_string(),
                route: format!("{} {}", route.method(), route.pattern()),
                hook: route.hooks().iter().next().map_or("", HookKind::as_str),
            }),
            _ => Ok(()),
        }
    }

    /// Checks that the operator has granted the settings and secrets that the app declares, and
    /// keeps the defaults of those that are not granted.
    ///
    /// # Errors
    /// A setting or secret is missing or invalid.
    pub fn check_declared(&self, app: &App) -> Result<(), LoadError> {
        let shared = &self.0.origin.shared;
        let defaults = app.declared().check(&shared.capabilities.grants);
        let defaults = defaults.map_err(|why| LoadError::Settings(shared.name.to_string(), why))?;
        // A component that is loaded twice has the same defaults.
        let _ = shared.defaults.set(defaults);
        Ok(())
    }
}
