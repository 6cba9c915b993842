//! Lines of the app in the log: the kind `log`.

use serde::Deserialize;
use spikard_wasm_services::{Failed, Outcome, Payload};

use super::result::{Operation, ready};
use super::services::Services;
use crate::current::Current;
use crate::granted::logging::{self, Level};

/// The arguments of `log`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Log {
    #[serde(default)]
    level: Level,
}

/// Writes a text to the log, with the id of the request that the task handles.
pub(super) fn write(
    services: &Services<'_>,
    Log { level }: Log,
    body: Payload,
) -> Result<Operation, Failed> {
    let text = match body {
        Payload::Text(text) | Payload::Json(text) => text,
        Payload::Empty => String::new(),
        Payload::Bytes(bytes) => String::from_utf8(bytes).map_err(|_| {
            let message = "the body of `log` is not UTF-8; send it as `text`";
            Failed::new("invalid", message)
        })?,
    };
    if services.capabilities.grants.logging {
        let request = match services.current {
            Current::Request(request) => Some(request.id()),
            Current::Nothing | Current::Http(_) | Current::Service(_) => None,
        };
        let request = request.filter(|id| !id.is_empty());
        logging::line(services.component, request.as_deref(), level, "", &text);
    }
    Ok(ready(Ok(Outcome::new(String::new(), Payload::Empty))))
}
