//! Maps errors of outgoing requests to failures of operations.

use spikard_wasm_app::one_line;
use spikard_wasm_services::Failed;

use crate::outbound::{BodyError, OutboundError};

/// Maps an error of a request.
pub(super) fn of(error: &OutboundError) -> Failed {
    let code = match error {
        OutboundError::Denied(_) => "denied",
        OutboundError::Dns(_)
        | OutboundError::Connect(..)
        | OutboundError::Tls(..)
        | OutboundError::Protocol(..) => "unavailable",
        OutboundError::ConnectTimeout(..)
        | OutboundError::ResponseTimeout(..)
        | OutboundError::ChunkTimeout(..) => "timeout",
        OutboundError::TooLarge(..) => "too-large",
        OutboundError::TooMany(_) => "too-many",
        OutboundError::Loop(_) => "failed",
    };
    Failed::new(code, one_line(&error.to_string()))
}

/// Maps an error that ended the body of a response of `origin`.
pub(super) fn of_body(origin: &str, error: &BodyError) -> Failed {
    match error.downcast_ref::<OutboundError>() {
        Some(error) => of(error),
        None => {
            let mut cause: &dyn std::error::Error = &**error;
            while let Some(source) = cause.source() {
                cause = source;
            }
            let why = cause.to_string();
            let why = one_line(&why);
            unavailable(format!("the response of `{origin}` ended early: {why}"))
        }
    }
}

/// Returns a failure of the peer.
pub(super) fn unavailable(message: String) -> Failed {
    Failed::new("unavailable", message)
}

/// Returns the failure of a body over the limit.
pub(super) fn too_large(origin: &str, max: u64) -> Failed {
    of(&OutboundError::TooLarge(origin.to_owned(), max))
}

/// Returns the failure of invalid arguments.
pub(super) fn invalid(message: String) -> Failed {
    Failed::new("invalid", message)
}
