//! Calls of an app when the host starts and stops to serve it.

use serde::Deserialize;

/// The number of requests that no route handles.
const NO_ROUTE: u32 = u32::MAX;

/// The numbers with which the host calls the handler outside of requests. Each call happens once
/// per host process, whatever the number of workers and instances.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lifespan {
    /// The call before the first request.
    pub start: Option<u32>,
    /// The call after the last request.
    pub stop: Option<u32>,
}

impl Lifespan {
    /// Checks the numbers against those of the routes.
    ///
    /// # Errors
    /// A clause about the app's settings.
    pub(crate) fn check(self, routes: usize) -> Result<Self, String> {
        for (name, number) in [("start", self.start), ("stop", self.stop)] {
            let Some(number) = number else { continue };
            if (number as usize) < routes || number == NO_ROUTE {
                return Err(format!(
                    "`lifespan` has `{name}` `{number}`, which is the number of a route; use one from {routes} to {}",
                    NO_ROUTE - 1
                ));
            }
        }
        if self.start.is_some() && self.start == self.stop {
            return Err(
                "`lifespan` has the same number for `start` and `stop`; use two".to_owned(),
            );
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_distinct_and_not_those_of_routes() {
        let check = |start, stop| Lifespan { start, stop }.check(3);
        assert!(check(None, None).is_ok());
        assert!(check(Some(3), Some(4)).is_ok());
        let error = check(Some(2), None).unwrap_err();
        assert!(error.contains("`start` `2`"), "{error}");
        let error = check(None, Some(u32::MAX)).unwrap_err();
        assert!(error.contains("`stop` `4294967295`"), "{error}");
        assert!(check(Some(3), Some(3)).is_err());
    }
}
