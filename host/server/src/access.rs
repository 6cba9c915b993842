//! Access log: one line per request.

use hyper::{Method, Uri};
use spikard_wasm_runtime::Stage;

use crate::metrics::{self, Part, Taken};
use crate::request::RequestId;

/// The target of these lines in the log.
pub(crate) const TARGET: &str = "access";

/// What the line says that the response does not.
pub(crate) struct Access {
    method: Method,
    uri: Uri,
}

/// Writes a line with what is the same in both kinds, and where the time went: the parts
/// in milliseconds, those that took none left out.
macro_rules! line {
    ({$($first:tt)*} $access:expr, $id:expr, $whose:expr, $taken:expr, $($more:tt)*) => {{
        let (app, route) = $whose;
        let part = |part| {
            let nanos = $taken.part(part);
            (nanos != 0).then(|| millis(nanos))
        };
        let stage = |stage| part(Part::Stage(stage));
        tracing::info!(
            target: TARGET,
            $($first)*
            method = %$access.method,
            path = $access.uri.path(),
            $($more)*
            ms = millis($taken.total),
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
    /// The response was sent, or will be: its body is in memory.
    Sent { status: u16, bytes: Option<u64> },
    /// The body ended early: the guest failed, or the client closed its connection.
    Cut { status: u16, bytes: u64 },
    /// The client closed its connection before there was a response.
    Closed,
}

impl Outcome {
    /// The status that the request is counted by.
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Sent { status, .. } | Self::Cut { status, .. } => status,
            Self::Closed => metrics::CLIENT_CLOSED,
        }
    }
}

/// The names of a request's app, where there are several, and of its route, if it has one.
pub(crate) type Whose<'a> = (Option<&'a str>, Option<&'a str>);

impl Access {
    /// Begins a line; nothing is copied when nobody reads it.
    pub(crate) fn begin(method: &Method, uri: &Uri) -> Option<Self> {
        let wanted = tracing::enabled!(target: TARGET, tracing::Level::INFO);
        wanted.then(|| Self {
            method: method.clone(),
            uri: uri.clone(),
        })
    }

    /// Writes the line.
    pub(crate) fn end(self, id: &RequestId, whose: Whose<'_>, taken: &Taken, outcome: Outcome) {
        match outcome {
            Outcome::Sent { status, bytes } => line!({} self, id, whose, taken, status, bytes,),
            Outcome::Cut { status, bytes } => {
                let message = "the response body ended early";
                line!({message,} self, id, whose, taken, status, bytes,);
            }
            Outcome::Closed => {
                let message = "the client closed its connection before the response";
                line!({message,} self, id, whose, taken,);
            }
        }
    }
}

/// Milliseconds to the thousandth.
fn millis(nanos: u64) -> f64 {
    nanos.div_ceil(1000) as f64 / 1000.0
}
