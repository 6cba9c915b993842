//! What an instance works on, and the failures that its guest reports.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use spikard_wasm_app::{indented, one_line};

use crate::http::HttpCall;
use crate::request::Request;
use crate::stages::Stages;

/// Maximum size of each text of a reported failure in bytes; the rest is cut off.
const MAX_REPORT: usize = 64 << 10;

/// Current task of an instance.
#[derive(Clone)]
pub(crate) enum Current {
    Nothing,
    /// A handler or hook call of the handler interface.
    Request(Arc<dyn Request>),
    /// A `wasi:http` 0.2 request.
    Http(Arc<HttpCall>),
    /// Any number of `wasi:http` 0.3 requests. The flag is true while the guest is interrupted
    /// by the epoch.
    Service(Arc<AtomicBool>),
}

impl Current {
    pub(crate) fn stages(&self) -> Option<&Stages> {
        match self {
            Self::Nothing | Self::Service(_) => None,
            Self::Request(request) => Some(request.stages()),
            Self::Http(call) => Some(call.stages()),
        }
    }
}

/// Failure of the app's code that a guest reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) detail: String,
}

impl Failure {
    /// Creates a failure from the texts of a guest. Long texts are cut off.
    pub(crate) fn reported(message: String, detail: String) -> Self {
        Self {
            message: one_line(&shorten(message)).into_owned(),
            detail: indented(&shorten(detail)),
        }
    }
}

fn shorten(mut text: String) -> String {
    if text.len() > MAX_REPORT {
        text.truncate(text.floor_char_boundary(MAX_REPORT));
        text.push_str(" [cut]");
    }
    text
}
