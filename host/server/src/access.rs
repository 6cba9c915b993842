//! Access log: one line per request.

use hyper::{Method, Uri};
use spikard_wasm_runtime::Stage;

use crate::metrics::{self, Part, StageTimes};
use crate::request::RequestId;

/// Log target of the access log.
pub(crate) const TARGET: &str = "access";

/// Request properties for the access log, kept until the response is known.
pub(crate) struct Access {
    method: Method,
    uri: Uri,
}

/// Logs the fields that all outcomes share, and the duration of each stage in milliseconds.
/// Stages that took no time are omitted.
macro_rules! line {
    ({$($first:tt)*} $access:expr, $id:expr, $names:expr, $times:expr, $($more:tt)*) => {{
        let (app, route) = $names;
        let part = |part| {
            let nanos = $times.part(part);
            (nanos != 0).then(|| millis(nanos))
        };
        let stage = |stage| part(Part::Stage(stage));
        tracing::info!(
            target: TARGET,
            $($first)*
            method = %$access.method,
            path = $access.uri.path(),
            $($more)*
            ms = millis($times.total),
            receive_ms = part(Part::Receive),
            queue_ms = stage(Stage::Queue),
            instance_ms = stage(Stage::Instance),
            enter_ms = stage(Stage::Enter),
            guest_ms = stage(Stage::Guest),
            imports_ms = stage(Stage::Imports),
            yield_ms = stage(Stage::Yield),
            leave_ms = stage(Stage::Leave),
            respond_ms = part(Part::Respond),
            app,
            route = route.unwrap_or("-"),
            request = %$id,
        );
    }};
}

/// How an exchange ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    /// The response was sent, or its body is complete in memory.
    Sent { status: u16, bytes: Option<u64> },
    /// The body ended early: the guest failed, or the client closed its connection.
    Cut { status: u16, bytes: u64 },
    /// The client closed its connection before the response was ready.
    Closed,
}

impl Outcome {
    /// Returns the status for metrics; 499 if the client closed its connection.
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Sent { status, .. } | Self::Cut { status, .. } => status,
            Self::Closed => metrics::CLIENT_CLOSED,
        }
    }
}

/// Names of the request's app (only if the host serves several) and of its route, if any.
pub(crate) type RequestNames<'a> = (Option<&'a str>, Option<&'a str>);

impl Access {
    /// Copies the request's method and URI; `None` if the access log is disabled.
    pub(crate) fn begin(method: &Method, uri: &Uri) -> Option<Self> {
        let is_enabled = tracing::enabled!(target: TARGET, tracing::Level::INFO);
        is_enabled.then(|| Self {
            method: method.clone(),
            uri: uri.clone(),
        })
    }

    /// Logs the request.
    pub(crate) fn end(
        self,
        id: &RequestId,
        names: RequestNames<'_>,
        times: &StageTimes,
        outcome: Outcome,
    ) {
        match outcome {
            Outcome::Sent { status, bytes } => line!({} self, id, names, times, status, bytes,),
            Outcome::Cut { status, bytes } => {
                let message = "the response body ended early";
                line!({message,} self, id, names, times, status, bytes,);
            }
            Outcome::Closed => {
                let message = "the client closed its connection before the response";
                line!({message,} self, id, names, times,);
            }
        }
    }
}

/// Converts nanoseconds to milliseconds, rounded up to thousandths.
fn millis(nanos: u64) -> f64 {
    nanos.div_ceil(1000) as f64 / 1000.0
}
