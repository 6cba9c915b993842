//! Maps errors of the HTTP client to errors of an outgoing request.

use std::error::Error;

use hyper_util::client::legacy;
use spikard_wasm_runtime::OutboundError;

use super::client::{DnsError, PrivateAddress};

/// Maps an error of the HTTP client to the error of a request to the origin `shown`.
pub(super) fn of(shown: &str, error: &legacy::Error) -> OutboundError {
    let shown = shown.to_owned();
    let last = causes(error)
        .last()
        .map_or_else(|| error.to_string(), ToString::to_string);
    for cause in causes(error) {
        if let Some(private) = cause.downcast_ref::<PrivateAddress>() {
            return OutboundError::Denied(private.to_string());
        }
        if let Some(DnsError(host, _)) = cause.downcast_ref() {
            return OutboundError::Dns(host.clone());
        }
        // rustls wraps its errors in `io::Error`.
        let io = cause.downcast_ref::<std::io::Error>();
        if let Some(io) = io
            && io.kind() == std::io::ErrorKind::InvalidData
            && error.is_connect()
        {
            return OutboundError::Tls(shown, io.to_string());
        }
    }
    match error.is_connect() {
        true => OutboundError::Connect(shown, last),
        false => OutboundError::Protocol(shown, last),
    }
}

fn causes(error: &legacy::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let first = error.source();
    std::iter::successors(first, |&cause| cause.source())
}
