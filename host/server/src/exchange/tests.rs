//! Each stage of an exchange, without a socket.

use std::cell::Cell;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Frame;
use hyper::http::uri::Scheme;
use spikard_wasm_app::policy::{Policies, SecurityHeaders};
use spikard_wasm_runtime::BodyError;

use super::*;
use crate::admission::Requests;
use crate::metrics::{AppFigures, WorkerFigures};
use crate::policy::Passage;

/// The behavior of a fake trigger after it has entered.
#[derive(Clone, Copy)]
enum Does {
    Reply,
    Stream,
    Panic,
}

struct Fake {
    desk: Rc<Desk>,
    policies: Policies,
    does: Does,
    asked: Cell<u32>,
}

impl Trigger for Fake {
    fn desk(&self) -> &Rc<Desk> {
        &self.desk
    }

    async fn answer<'a>(
        &'a self,
        parts: Parts,
        _body: &mut RequestBody,
        exchange: &mut Exchange<'a>,
    ) -> Result<HttpResponse, Refusal> {
        self.asked.set(self.asked.get() + 1);
        exchange.passage = Some(Passage::begin(&self.policies, &parts, exchange.id()));
        exchange.enter()?;
        match self.does {
            Does::Reply => Ok(HttpResponse::new(Bytes::from_static(b"hello").into())),
            Does::Stream => {
                let pieces = [b"one".as_slice(), b"two"]
                    .map(|piece| Ok::<_, BodyError>(Frame::data(Bytes::from_static(piece))));
                let pieces = futures_util::stream::iter(pieces);
                let body = http_body_util::StreamBody::new(pieces);
                Ok(HttpResponse::new(ReplyBody::stream(body)))
            }
            Does::Panic => panic!("the trigger panics on purpose"),
        }
    }
}

fn figures() -> Arc<WorkerFigures> {
    AppFigures::new(None, std::iter::empty(), "-", None, 1).worker(0)
}

fn fake(does: Does, most: usize) -> Fake {
    let policies = Policies {
        security_headers: Some(Arc::new(SecurityHeaders::default())),
        ..Policies::default()
    };
    Fake {
        desk: Rc::new(Desk {
            app: None,
            rest: None,
            requests: Requests::new(most),
            figures: figures(),
            server_timing: false,
        }),
        policies,
        does,
        asked: Cell::new(0),
    }
}

fn respond(fake: &Fake, method: &Method, fault: Option<Refusal>) -> HttpResponse {
    let body = Full::new(Bytes::new()).map_err(|never| match never {});
    let request = Request::builder().method(method.clone()).uri("/x");
    let request = request.body(Inbound::App(body.boxed_unsync())).unwrap();
    let arrival = Arrival {
        fault: fault.map(Box::new),
        ..Arrival::of(([127, 0, 0, 1], 1).into(), Scheme::HTTP)
    };
    block_on(run(fake, request, arrival))
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(future)
}

fn has_policies(response: &HttpResponse) -> bool {
    response.headers().contains_key("x-content-type-options")
}

#[test]
fn a_reply_passes_and_leaves_no_request_in_flight() {
    let fake = fake(Does::Reply, 1);
    for _ in 0..3 {
        let response = respond(&fake, &Method::GET, None);
        assert_eq!(response.status(), 200);
        assert!(has_policies(&response));
    }
}

#[test]
fn a_panic_costs_its_own_request_and_keeps_the_policies() {
    let fake = fake(Does::Panic, 1);
    for _ in 0..2 {
        let response = respond(&fake, &Method::GET, None);
        assert_eq!(response.status(), 500);
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        assert!(has_policies(&response));
    }
}

#[test]
fn a_request_beyond_the_limit_in_flight_gets_the_policies_too() {
    let fake = fake(Does::Reply, 1);
    let held = fake.desk.requests.enter().unwrap();
    let response = respond(&fake, &Method::GET, None);
    assert_eq!(response.status(), 503);
    assert!(has_policies(&response));
    drop(held);
    assert_eq!(respond(&fake, &Method::GET, None).status(), 200);
}

#[test]
fn head_has_the_length_and_no_body() {
    let response = respond(&fake(Does::Reply, 1), &Method::HEAD, None);
    assert_eq!(response.headers()["content-length"], "5");
    let body = block_on(response.into_body().collect()).unwrap();
    assert!(body.to_bytes().is_empty());
}

#[test]
fn a_faulty_head_reaches_no_trigger_and_closes_the_connection() {
    let fake = fake(Does::Reply, 1);
    let fault = Refusal::BadRequest("two hosts".to_owned());
    let response = respond(&fake, &Method::GET, Some(fault));
    assert_eq!(response.status(), 400);
    assert_eq!(response.headers()["connection"], "close");
    assert_eq!(fake.asked.get(), 0);
}

#[test]
fn a_streamed_body_is_in_flight_until_it_ends() {
    let fake = fake(Does::Stream, 1);
    let response = respond(&fake, &Method::GET, None);
    assert!(fake.desk.requests.enter().is_err());
    let body = block_on(response.into_body().collect()).unwrap();
    assert_eq!(body.to_bytes(), "onetwo");
    assert!(fake.desk.requests.enter().is_ok());
    // A client that closes its connection in between ends it as well.
    let response = respond(&fake, &Method::GET, None);
    assert!(fake.desk.requests.enter().is_err());
    drop(response);
    assert!(fake.desk.requests.enter().is_ok());
}
