//! The settings of an app and of a route over it.
//!
//! They are read as JSON, since a document says of a policy little more than that it
//! is there.

use serde_json::{Map, Value};

/// The settings of a route over those of its app.
#[derive(Debug, Clone)]
pub(super) struct Policies {
    app: Map<String, Value>,
    route: Map<String, Value>,
}

impl Policies {
    /// Those of an app alone.
    pub(super) fn of_app(text: &str) -> Result<Self, String> {
        let app = object(text, "settings")?;
        Ok(Self {
            app,
            route: Map::new(),
        })
    }

    /// Those of a route of this app.
    pub(super) fn under(&self, route: &str) -> Result<Self, String> {
        let app = self.app.clone();
        let route = object(route, "settings")?;
        Ok(Self { app, route })
    }

    /// A policy, where it is declared and not turned off: the route's before the app's.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let value = self.get_raw(name)?;
        (!matches!(value, Value::Null | Value::Bool(false))).then_some(value)
    }

    /// A member as it is declared: the route's before the app's.
    pub(super) fn get_raw(&self, name: &str) -> Option<&Value> {
        self.route.get(name).or_else(|| self.app.get(name))
    }

    /// Whether a policy is declared and not turned off.
    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A text that the app declares for itself.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.app.get(name)?.as_str().map(str::to_owned)
    }

    /// A member that the route declares for itself.
    pub(super) fn own(&self, name: &str) -> Option<&Value> {
        self.route.get(name)
    }
}

/// A JSON object of a description; an empty text is an empty one.
pub(super) fn object(text: &str, what: &str) -> Result<Map<String, Value>, String> {
    if text.is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_str(text).map_err(|error| format!("its {what} cannot be read: {error}"))
}
