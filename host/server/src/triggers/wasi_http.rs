//! Requests to a `wasi:http` app. The app does its own routing, so the host has no routes, checks
//! or policies for it. It streams bodies in both directions.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{HOST, HeaderValue, TRAILER};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode, Version};
use spikard_wasm_app::Refusal;
use spikard_wasm_runtime::{
    HttpBody, HttpCall, HttpFailure, HttpOptions, HttpReply, HttpStream, Kind, Upload, UploadError,
};

use super::builtin::Builtin;
use crate::body::{Inbound, RequestBody};
use crate::exchange::{Desk, Exchange, Trigger, Work};
use crate::failure::Failure;
use crate::reply_body::{BodyError, ReplyBody};
use crate::request::RequestId;
use crate::response::{self, HttpResponse};
use crate::settings::HttpSettings;
use crate::warm_pool::WarmPool;

/// A `wasi:http` app in one worker.
pub(crate) struct WasiHttp {
    desk: Rc<Desk>,
    kind: Kind,
    pool: WarmPool,
    builtin: Builtin,
    settings: HttpSettings,
    body_timeout: Duration,
}

impl WasiHttp {
    pub(crate) fn new(
        (kind, settings, body_timeout): (Kind, HttpSettings, Duration),
        desk: Rc<Desk>,
        builtin: Builtin,
        pool: WarmPool,
    ) -> Self {
        Self {
            desk,
            kind,
            pool,
            builtin,
            settings,
            body_timeout,
        }
    }
}

impl Trigger for WasiHttp {
    fn desk(&self) -> &Rc<Desk> {
        &self.desk
    }

    async fn answer<'a>(
        &'a self,
        mut parts: Parts,
        body: &mut RequestBody,
        exchange: &mut Exchange<'a>,
    ) -> Result<HttpResponse, Refusal> {
        exchange.enter()?;
        if let Some(answer) = self.builtin.answer(&parts) {
            return answer;
        }
        if parts.method == Method::CONNECT {
            // A successful answer would turn the connection into a tunnel.
            return Err(Refusal::MethodNotAllowed {
                allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE".to_owned(),
            });
        }
        ensure_host(&mut parts)?;
        let limit = self.settings.body_limit;
        if body.shortest() > limit {
            return Err(Refusal::BodyTooLarge { limit });
        }
        let number = match exchange.id() {
            RequestId::Number(number) => *number,
            // Only policies set other ids, and a `wasi:http` app has none.
            RequestId::Text(_) => 0,
        };
        let (depth, scheme) = (exchange.arrival.depth, exchange.arrival.scheme.clone());
        let call = Arc::new(HttpCall::new(number, depth, scheme, Failure::later));
        exchange.set_work(Work::Http(call.clone()));
        let options = HttpOptions {
            isolation: self.settings.isolation,
            deadline: self.settings.timeout,
            is_head: parts.method == Method::HEAD,
        };
        let lent = body.lend(&call, limit, self.body_timeout);
        let request = Request::from_parts(parts, lent);
        let reply = match self.kind {
            Kind::Service => self.pool.serve(request, &call, options).await,
            Kind::Handler | Kind::Proxy => self.pool.proxy(request, &call, options).await,
        };
        exchange.mark_replied();
        match reply {
            Ok(reply) => Ok(of_reply(reply, body)),
            Err(HttpFailure::Call(error)) => {
                Err(Failure::of_http(error, exchange.id()).into_refusal())
            }
            Err(HttpFailure::Upload(UploadError::TooLarge(limit))) => {
                Err(Refusal::BodyTooLarge { limit })
            }
            Err(HttpFailure::Upload(UploadError::Late)) => Err(Refusal::RequestTimeout),
            Err(HttpFailure::Upload(UploadError::Broken(why))) => Err(Refusal::BadRequest(
                format!("the request body cannot be read: {why}"),
            )),
        }
    }
}

/// Checks that a request names its host, which `wasi:http` requires.
fn ensure_host(parts: &mut Parts) -> Result<(), Refusal> {
    if parts.uri.authority().is_some() {
        return Ok(());
    }
    match parts.headers.get(HOST) {
        Some(host) if host.to_str().is_ok() => Ok(()),
        None if parts.version < Version::HTTP_11 => {
            let host = HeaderValue::from_static("localhost");
            parts.headers.insert(HOST, host);
            Ok(())
        }
        _ => Err(Refusal::BadRequest(
            "the request does not name its host".to_owned(),
        )),
    }
}

/// Builds the response of a reply. Only the host frames messages.
fn of_reply(reply: HttpReply, body: &mut RequestBody) -> HttpResponse {
    let (status, mut headers) = (reply.status, reply.headers);
    for name in &response::OF_CONNECTION {
        headers.remove(name);
    }
    let reply_body = match reply.body {
        HttpBody::Whole(bytes) => {
            // A whole body has no trailers.
            headers.remove(TRAILER);
            ReplyBody::from(bytes)
        }
        HttpBody::Stream(stream) => ReplyBody::stream(GuestBody {
            stream,
            upload: body.take_lent(),
        }),
        HttpBody::Unsent(length) => response::unsent(
            &mut headers,
            length.filter(|_| status != StatusCode::NOT_MODIFIED),
        ),
    };
    let mut response = Response::new(reply_body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// A reply body that the guest is still writing, with the request body that it may still read.
struct GuestBody {
    stream: Box<HttpStream>,
    upload: Option<Upload<Inbound>>,
}

impl Body for GuestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Pin::new(&mut self.get_mut().stream).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.stream.size_hint()
    }
}

impl Drop for GuestBody {
    /// Takes the request body from the guest, so that the guest cannot block the connection.
    fn drop(&mut self) {
        drop(self.upload.as_ref().and_then(Upload::take_back));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(version: Version, target: &str, host: Option<&str>) -> Parts {
        let mut request = Request::builder().version(version).uri(target);
        if let Some(host) = host {
            request = request.header(HOST, host);
        }
        request.body(()).expect("a request").into_parts().0
    }

    #[test]
    fn a_request_names_its_host() {
        for (version, target, host) in [
            (Version::HTTP_11, "/", Some("a.example")),
            (Version::HTTP_11, "http://a.example/", None),
            (Version::HTTP_2, "http://a.example/", None),
        ] {
            assert!(ensure_host(&mut parts(version, target, host)).is_ok());
        }
        let refused = ensure_host(&mut parts(Version::HTTP_11, "/", None));
        assert!(matches!(refused, Err(Refusal::BadRequest(_))));
    }

    #[test]
    fn http_1_0_without_a_host_is_for_localhost() {
        let mut parts = parts(Version::HTTP_10, "/", None);
        assert!(ensure_host(&mut parts).is_ok());
        assert_eq!(parts.headers[HOST], "localhost");
    }
}
