//! The app's settings for requests that no route handles.

use std::time::Duration;

use crate::hooks::Hooks;
use crate::isolation::Isolation;
use crate::route_settings::RouteSettings;
use crate::settings::{Defaults, Settings};

/// How the app's `on-error` hooks see requests that no route handles: unknown paths, and methods
/// that a path does not support.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fallback {
    /// The hook kinds that the app declares for all routes.
    pub hooks: Hooks,
    /// The isolation between requests.
    pub isolation: Isolation,
    /// The maximum duration of a call.
    pub timeout: Duration,
    /// The status of a call that exceeds its deadline.
    pub timeout_status: u16,
}

impl Fallback {
    /// The route's number in calls of hooks.
    pub const ROUTE: u32 = u32::MAX;

    pub(crate) fn new(settings: &Settings, defaults: &Defaults) -> Self {
        let own = Settings::default();
        let effective = RouteSettings::new(settings, &own);
        Self {
            hooks: effective.hooks(),
            isolation: effective.isolation().unwrap_or(defaults.isolation),
            timeout: effective.timeout().unwrap_or(defaults.timeout),
            timeout_status: effective.timeout_status(),
        }
    }
}
