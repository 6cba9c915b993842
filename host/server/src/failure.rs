//! Failed requests: the response for the client, the log event, and the message for an `on-error`
//! hook.

use spikard_wasm_app::{Refusal, Route};
use spikard_wasm_runtime::CallError;

use crate::metrics;
use crate::request::RequestId;

/// Reason why a request has no reply from the app.
#[derive(Debug)]
pub(crate) struct Failure {
    refusal: Refusal,
    /// Message for the app, never for a client. Empty if the refusal has all information.
    message: String,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self {
            refusal,
            message: String::new(),
        }
    }
}

impl Failure {
    /// Logs a failed call and maps it to the client's response.
    pub(crate) fn of_call(error: CallError, id: &RequestId, route: &Route) -> Self {
        Self::of(error, id, route.name(), route.timeout_status())
    }

    /// Same as [`Self::of_call`], for a `wasi:http` app.
    pub(crate) fn of_http(error: CallError, id: &RequestId) -> Self {
        Self::of(error, id, metrics::ANY_ROUTE, 504)
    }

    /// Logs a failure after the response head was sent; the response is aborted.
    pub(crate) fn later(number: u64, error: &CallError) {
        let id = RequestId::Number(number);
        let detail = match error {
            CallError::Trap { detail, .. } => Some(detail),
            _ => None,
        };
        match error {
            CallError::Unread(_) => {
                tracing::warn!(request = %id, route = metrics::ANY_ROUTE, "{error}; connection closed");
            }
            _ => {
                tracing::error!(request = %id, route = metrics::ANY_ROUTE, detail, "{error}; the response head was already sent");
            }
        }
    }

    /// Logs a failed call of the route with this name.
    pub(crate) fn of(error: CallError, id: &RequestId, name: &str, timeout_status: u16) -> Self {
        let refusal = match &error {
            CallError::Failure { message, detail } => {
                tracing::error!(request = %id, route = name, %detail, "the handler failed: {message}");
                Refusal::Failed
            }
            CallError::Trap { detail, .. } => {
                tracing::error!(request = %id, route = name, %detail, "{error}");
                Refusal::Failed
            }
            CallError::QueueFull(_) | CallError::QueueTime(_) => {
                tracing::warn!(request = %id, route = name, "{error}");
                Refusal::Overloaded { retry_after: 1 }
            }
            CallError::Deadline(_) => {
                tracing::error!(request = %id, route = name, "{error}");
                Refusal::DeadlineExceeded {
                    status: timeout_status,
                }
            }
            CallError::BadReply(_)
            | CallError::Instantiate(_)
            | CallError::Stalled(_)
            | CallError::Unread(_) => {
                tracing::error!(request = %id, route = name, "{error}");
                Refusal::Failed
            }
        };
        Self {
            refusal,
            message: error.to_string(),
        }
    }

    pub(crate) fn refusal(&self) -> &Refusal {
        &self.refusal
    }

    pub(crate) fn into_refusal(self) -> Refusal {
        self.refusal
    }

    /// Message for an `on-error` hook.
    pub(crate) fn message(&self) -> String {
        if self.message.is_empty() {
            self.refusal.clone().into_problem().detail
        } else {
            self.message.clone()
        }
    }
}
