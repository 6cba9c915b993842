//! A request that gets no reply of the app: what the client is told, and what the
//! log and an `on-error` hook are.

use spikard_wasm_app::{Refusal, Route};
use spikard_wasm_runtime::CallError;

use crate::metrics;
use crate::request::RequestId;

/// Why a request has no reply.
#[derive(Debug)]
pub(crate) struct Failed {
    refusal: Refusal,
    /// For the app itself, never for a client. Empty where the refusal says it all.
    message: String,
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self {
            refusal,
            message: String::new(),
        }
    }
}

impl Failed {
    /// Writes into the log why a call has no reply, and says what the client gets.
    pub(crate) fn of_call(error: CallError, id: &RequestId, route: &Route) -> Self {
        Self::of(error, id, route.name(), route.timeout_status())
    }

    /// The same of an app for `wasi:http`.
    pub(crate) fn of_http(error: CallError, id: &RequestId) -> Self {
        Self::of(error, id, metrics::ANY_ROUTE, 504)
    }

    /// Writes into the log what went wrong after a response had begun, which breaks off.
    pub(crate) fn later(number: u64, error: &CallError) {
        let id = RequestId::Number(number);
        let detail = match error {
            CallError::Trap { detail, .. } => Some(detail),
            _ => None,
        };
        match error {
            CallError::Unread(_) => {
                tracing::warn!(request = %id, route = metrics::ANY_ROUTE, "{error}: its connection is closed");
            }
            _ => {
                tracing::error!(request = %id, route = metrics::ANY_ROUTE, detail, "{error}, after the head of the reply was sent");
            }
        }
    }

    fn of(error: CallError, id: &RequestId, name: &str, timeout_status: u16) -> Self {
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

    /// What happened, for an `on-error` hook.
    pub(crate) fn message(&self) -> String {
        if self.message.is_empty() {
            self.refusal.clone().into_problem().detail
        } else {
            self.message.clone()
        }
    }
}
