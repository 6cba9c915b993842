//! Outgoing requests of apps through `wasi:http`. The server's HTTP client sends them.

use std::sync::Arc;

use http::HeaderName;
use http_body_util::BodyExt;
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, RequestOptions, WasiBody, WasiHttpHooks,
};

use crate::outbound::{BodyError, Outbound, OutboundError, OutboundOptions};

/// The buffer of a reply's body: the number of chunks, and the bytes of each. Most bodies fit, so
/// the guest rarely waits while it writes.
const PIECES: usize = 15;
const PIECE: usize = 64 << 10;

/// The host's part of wasmtime's `wasi:http`.
pub(super) struct Hooks {
    component: Arc<str>,
    outbound: Arc<dyn Outbound>,
    pub(super) depth: u32,
}

type Driver = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Sent = Result<(http::Response<WasiBody>, Driver), Error>;

impl Hooks {
    pub(super) fn new(component: Arc<str>, outbound: Arc<dyn Outbound>) -> Self {
        Self {
            component,
            outbound,
            depth: 0,
        }
    }
}

impl WasiHttpHooks for Hooks {
    fn is_forbidden_header(&mut self, name: &HeaderName) -> bool {
        DEFAULT_FORBIDDEN_HEADERS.contains(name)
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Driver,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let options = options.unwrap_or_default();
        let options = OutboundOptions {
            connect_timeout: options.connect_timeout,
            first_byte_timeout: options.first_byte_timeout,
            between_bytes_timeout: options.between_bytes_timeout,
            depth: self.depth,
        };
        let request = request.map(|body| body.map_err(BodyError::from).boxed_unsync());
        let response = self.outbound.send(request, options);
        let component = self.component.clone();
        Box::new(async move {
            match response.await {
                Ok(response) => {
                    let response = response.map(|body| body.map_err(body_error).boxed_unsync());
                    let driver: Driver = Box::new(std::future::ready(Ok(())));
                    Ok((response, driver))
                }
                Err(error) => {
                    tracing::debug!(target: "guest", component = &*component, "outgoing request failed: {error}");
                    Err(outbound_error(&error))
                }
            }
        })
    }

    fn p2_outgoing_body_buffer_chunks(&mut self) -> usize {
        PIECES
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        PIECE
    }

    fn p3_outgoing_body_chunk_size(&mut self) -> usize {
        PIECE
    }
}

/// Returns the guest's error code for an outgoing request that failed.
fn outbound_error(error: &OutboundError) -> Error {
    match error {
        OutboundError::Denied(_) => Error::HttpRequestDenied,
        OutboundError::Dns(_) => Error::DnsError {
            rcode: None,
            info_code: None,
        },
        OutboundError::Connect(..) => Error::ConnectionRefused,
        OutboundError::ConnectTimeout(..) => Error::ConnectionTimeout,
        OutboundError::ResponseTimeout(..) => Error::HttpResponseTimeout,
        OutboundError::ChunkTimeout(..) => Error::ConnectionReadTimeout,
        OutboundError::Tls(..) => Error::TlsProtocolError,
        OutboundError::Protocol(..) => Error::HttpProtocolError,
        OutboundError::TooLarge(_, limit) => Error::HttpResponseBodySize(Some(*limit)),
        OutboundError::TooMany(_) => Error::ConnectionLimitReached,
        OutboundError::Loop(_) => Error::LoopDetected,
    }
}

/// Returns the guest's error code for a truncated response.
fn body_error(error: BodyError) -> Error {
    match error.downcast_ref::<OutboundError>() {
        Some(error) => outbound_error(error),
        None => Error::ConnectionTerminated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_keep_their_cause() {
        let denied = OutboundError::Denied("no".to_owned());
        assert!(matches!(outbound_error(&denied), Error::HttpRequestDenied));
        let large = OutboundError::TooLarge("x".to_owned(), 7);
        assert!(matches!(
            body_error(large.into()),
            Error::HttpResponseBodySize(Some(7))
        ));
        assert!(matches!(
            body_error("lost".into()),
            Error::ConnectionTerminated
        ));
    }
}
