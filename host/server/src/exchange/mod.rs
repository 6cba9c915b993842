//! One exchange: a request on its way to its response, whatever answers it.
//!
//! This file spells out the order that every request follows:
//!
//! 1. begin: the request gets its id, its access line and its clock;
//! 2. a head that breaks HTTP is rejected with 400 or 431, and its connection closes;
//! 3. the [`Trigger`] answers. Each one enters the exchange ([`Exchange::enter`]) before
//!    it does work that costs anything, so that `--max-in-flight` holds for all;
//! 4. policies add their headers and compress the response;
//! 5. HEAD loses the body, and an unread request body is drained or its connection closes;
//! 6. the request is counted and logged: at once if the body is whole, otherwise when the
//!    body ends.
//!
//! A panic in step 3 or 4 is a defect of the host and ends this request alone. What a
//! trigger does in step 3, and in which order, is in its own file.

mod record;
mod streamed;

use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use futures_util::FutureExt;
use hyper::header::EXPECT;
use hyper::http::request::Parts;
use hyper::{Method, Request, Version};
use spikard_wasm_app::Refusal;
use spikard_wasm_runtime::Stamp;

use self::record::Record;
pub(crate) use self::record::{Desk, Work};
use crate::admission::Admitted;
use crate::arrival::Arrival;
use crate::body::{Inbound, RequestBody};
use crate::policy::Passage;
use crate::reply_body::ReplyBody;
use crate::request::RequestId;
use crate::response::{self, HttpResponse};

/// What answers requests: a handler, a `wasi:http` app, or the host itself.
pub(crate) trait Trigger {
    /// What its requests are admitted, counted and logged by.
    fn desk(&self) -> &Rc<Desk>;

    /// Answers one request.
    fn answer<'a>(
        &'a self,
        parts: Parts,
        body: &mut RequestBody,
        exchange: &mut Exchange<'a>,
    ) -> impl Future<Output = Result<HttpResponse, Refusal>>;
}

/// A request in progress: what its trigger learns about it and the host needs at its end.
pub(crate) struct Exchange<'a> {
    /// Where the request came from.
    pub(crate) arrival: Arrival,
    /// The policies that the response ends with.
    pub(crate) passage: Option<Passage<'a>>,
    record: Record<'a>,
    admitted: Option<Admitted>,
}

impl<'a> Exchange<'a> {
    fn begin(desk: &'a Rc<Desk>, parts: &Parts, arrival: Arrival) -> Self {
        let uri = arrival.sent.as_ref().unwrap_or(&parts.uri);
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

    /// The request's id, which a policy may replace.
    pub(crate) fn id(&mut self) -> &mut RequestId {
        &mut self.record.id
    }

    /// The request is for this route of the app.
    pub(crate) fn has_route(&mut self, index: u32, name: &'a str) {
        self.record.route = Some((index, name));
    }

    /// The guest's time is measured here.
    pub(crate) fn has_work(&mut self, work: Work) {
        self.record.work = work;
    }

    /// The guest has returned its reply.
    pub(crate) fn replied(&mut self) {
        self.record.replied = Some(Stamp::now());
    }
}

/// Takes a request to its response.
pub(crate) async fn run<T: Trigger>(
    trigger: &T,
    request: Request<Inbound>,
    mut arrival: Arrival,
) -> HttpResponse {
    let (parts, incoming) = request.into_parts();
    let is_head = parts.method == Method::HEAD;
    let is_http1 = parts.version < Version::HTTP_2;
    let mut body = RequestBody::new(incoming, parts.headers.contains_key(EXPECT));
    let fault = arrival.fault.take();
    let is_faulty = fault.is_some();
    let mut exchange = Exchange::begin(trigger.desk(), &parts, arrival);
    let answer = match fault {
        Some(refusal) => Err(refusal),
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
    /// Counts and logs the request, or leaves that to the end of a streamed body.
    fn end(mut self, mut response: HttpResponse) -> HttpResponse {
        let taken = self.record.taken();
        if self.record.desk().server_timing {
            response::timed(&mut response, &taken);
        }
        if !matches!(response.body(), ReplyBody::Stream(_)) {
            let bytes = response::length(&response);
            self.record.end(response.status(), bytes, &taken);
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
