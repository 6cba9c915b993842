//! Exchanges: a request and its response, for every trigger.
//!
//! This file defines the order that every request follows:
//!
//! 1. begin: the request gets its id, its access line and its clock;
//! 2. a head that breaks HTTP is rejected with 400 or 431, and its connection closes;
//! 3. the [`Trigger`] answers. It enters the exchange ([`Exchange::enter`]) before any
//!    expensive work, so that `--max-in-flight` holds for all triggers;
//! 4. policies add their headers and compress the response;
//! 5. the response to HEAD loses its body, and an unread request body is drained or its
//!    connection closes;
//! 6. the request is counted and logged: at once if the body is complete, otherwise when it ends.
//!
//! A panic in step 3 or 4 is a defect of the host and ends only this request. Each
//! trigger's own file defines the order within step 3.

mod record;
mod streamed;

use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use futures_util::FutureExt;
use hyper::http::request::Parts;
use hyper::{Method, Request, Version};
use spikard_wasm_app::Refusal;
use spikard_wasm_runtime::Stamp;

use self::record::Record;
pub(crate) use self::record::{Desk, Work};
use crate::admission::InFlightGuard;
use crate::arrival::Arrival;
use crate::body::{Inbound, RequestBody};
use crate::policy::Passage;
use crate::reply_body::ReplyBody;
use crate::request::RequestId;
use crate::response::{self, HttpResponse};

/// A way to answer requests: a handler, a `wasi:http` app, or the host itself.
pub(crate) trait Trigger {
    /// Returns the state that admits, counts and logs its requests.
    fn desk(&self) -> &Rc<Desk>;

    /// Answers one request.
    fn answer<'a>(
        &'a self,
        parts: Parts,
        body: &mut RequestBody,
        exchange: &mut Exchange<'a>,
    ) -> impl Future<Output = Result<HttpResponse, Refusal>>;
}

/// A request in progress, with the data that the trigger adds and the host needs at the end.
pub(crate) struct Exchange<'a> {
    /// The origin of the request.
    pub(crate) arrival: Arrival,
    /// The policies that finish the response.
    pub(crate) passage: Option<Passage<'a>>,
    record: Record<'a>,
    admitted: Option<InFlightGuard>,
}

impl<'a> Exchange<'a> {
    fn begin(desk: &'a Rc<Desk>, parts: &Parts, arrival: Arrival) -> Self {
        let uri = arrival.sent.as_deref().unwrap_or(&parts.uri);
        Self {
            record: Record::begin(desk, &parts.method, uri),
            arrival,
            passage: None,
            admitted: None,
        }
    }

    /// Counts the request as in flight until its response has been sent.
    ///
    /// # Errors
    /// 503 if as many requests are in flight as `--max-in-flight` allows.
    pub(crate) fn enter(&mut self) -> Result<(), Refusal> {
        self.admitted = Some(self.record.desk().requests.enter()?);
        Ok(())
    }

    /// Returns the request's id, which a policy may replace.
    pub(crate) fn id(&mut self) -> &mut RequestId {
        &mut self.record.id
    }

    /// Sets the route of the app.
    pub(crate) fn set_route(&mut self, index: u32, name: &'a str) {
        self.record.route = Some((index, name));
    }

    /// Sets the part of the request that measures the guest's time.
    pub(crate) fn set_work(&mut self, work: Work) {
        self.record.work = work;
    }

    /// Records that the guest has returned its reply.
    pub(crate) fn mark_replied(&mut self) {
        self.record.replied = Some(Stamp::now());
    }
}

/// Answers a request.
pub(crate) async fn run<T: Trigger>(
    trigger: &T,
    request: Request<Inbound>,
    mut arrival: Arrival,
) -> HttpResponse {
    let (parts, incoming) = request.into_parts();
    let is_head = parts.method == Method::HEAD;
    let is_http1 = parts.version < Version::HTTP_2;
    let mut body = RequestBody::new(incoming, &parts.headers);
    let fault = arrival.fault.take();
    let is_faulty = fault.is_some();
    let mut exchange = Exchange::begin(trigger.desk(), &parts, arrival);
    let answer = match fault {
        Some(refusal) => Err(*refusal),
        None => {
            let answer = trigger.answer(parts, &mut body, &mut exchange);
            let answer = AssertUnwindSafe(answer).catch_unwind().await;
            answer.unwrap_or_else(|_| Err(exchange.record.panicked()))
        }
    };
    let mut response = answer.unwrap_or_else(response::of_refusal);
    if let Some(passage) = exchange.passage.take() {
        let finish = AssertUnwindSafe(passage.finish(response)).catch_unwind();
        let finished = Box::pin(finish).await;
        response = finished.unwrap_or_else(|_| response::of_refusal(exchange.record.panicked()));
    }
    if is_head {
        response = response::without_body(response);
    }
    let is_drained = match is_http1 && !is_faulty {
        true => body.discard().await,
        false => body.release(),
    };
    if is_http1 && (is_faulty || !is_drained) {
        response = response::closing(response);
    }
    exchange.end(response)
}

impl Exchange<'_> {
    /// Counts and logs the request: now, or when its streamed body ends.
    fn end(mut self, mut response: HttpResponse) -> HttpResponse {
        let taken = self.record.taken();
        if self.record.desk().server_timing {
            response::timed(&mut response, &taken);
        }
        if !matches!(response.body(), ReplyBody::Stream(_)) {
            self.record.end(&response, &taken);
            return response;
        }
        let length = response::length(&response);
        let ending = self.record.into_ending(response.status(), &taken);
        let admitted = self.admitted.take();
        response.map(|body| streamed::until_end(body, length, ending, admitted))
    }
}

#[cfg(test)]
mod tests;
