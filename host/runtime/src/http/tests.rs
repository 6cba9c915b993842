//! Bodies in both directions, without a guest.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use wasmtime_wasi_http::{Error, WasiBody};

use super::call::{Fate, HttpCall};
use super::reply::{Progress, ReplyHead};
use super::{GuestBody, HttpBody, HttpReply, Upload, UploadError};
use crate::error::CallError;
use crate::limits::Limits;

fn call() -> Arc<HttpCall> {
    Arc::new(HttpCall::new(7, 0, http::uri::Scheme::HTTP, |number, _| {
        assert_eq!(number, 7)
    }))
}

type Polled<B> = Poll<Option<Result<Frame<<B as Body>::Data>, <B as Body>::Error>>>;

fn poll<B: Body + Unpin>(body: &mut B) -> Polled<B> {
    Pin::new(body).poll_frame(&mut Context::from_waker(Waker::noop()))
}

/// A body of these chunks. An open body never ends.
fn body(pieces: &[&'static str], is_open: bool) -> WasiBody {
    let pieces: Vec<_> = pieces
        .iter()
        .map(|piece| Ok::<_, Error>(Frame::data(Bytes::from_static(piece.as_bytes()))))
        .collect();
    let mut pieces = pieces.into_iter();
    let stream = futures_util::stream::poll_fn(move |_| match pieces.next() {
        None if is_open => Poll::Pending,
        piece => Poll::Ready(piece),
    });
    UnsyncBoxBody::new(StreamBody::new(stream))
}

fn head(status: u16, length: Option<u64>, body: WasiBody) -> http::Response<WasiBody> {
    let mut head = http::Response::new(body);
    *head.status_mut() = status.try_into().unwrap();
    if let Some(length) = length {
        head.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    head
}

fn checked(head: http::Response<WasiBody>, is_head: bool) -> ReplyHead {
    ReplyHead::new(head, is_head, &Limits::default()).unwrap()
}

fn whole(head: http::Response<WasiBody>, is_head: bool) -> Result<HttpReply, CallError> {
    checked(head, is_head).whole(&call())
}

#[test]
fn a_body_that_is_there_is_sent_as_a_whole() {
    let reply = whole(head(200, None, body(&["ab", "", "cd"], false)), false).unwrap();
    assert!(matches!(reply.body, HttpBody::Whole(bytes) if bytes == "abcd"));
    let reply = whole(head(200, Some(4), body(&["abcd"], false)), false).unwrap();
    assert!(!reply.headers.contains_key(CONTENT_LENGTH));
    for (said, body) in [(3, body(&["abcd"], false)), (4, body(&[], false))] {
        let refused = whole(head(200, Some(said), body), false);
        assert!(matches!(refused, Err(CallError::BadReply(_))), "{said}");
    }
    let refused = whole(head(200, None, body(&["ab"], true)), false);
    assert!(matches!(refused, Err(CallError::BadReply(_))));
}

#[test]
fn what_is_not_sent_has_its_length_alone() {
    let unsent = |status, length, is_head| {
        let reply = whole(head(status, length, body(&["abc"], true)), is_head).unwrap();
        match reply.body {
            HttpBody::Unsent(length) => length,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(unsent(200, None, true), Some(3));
    assert_eq!(unsent(200, Some(9), true), Some(9));
    assert_eq!(unsent(304, Some(9), false), Some(9));
    assert_eq!(unsent(204, None, false), Some(3));
}

#[test]
fn a_head_keeps_its_limits() {
    let limits = Limits {
        reply_headers: 2,
        reply_header_bytes: 20,
        ..Limits::default()
    };
    let with = |fields: &[(&'static str, &'static str)]| {
        let mut head = head(200, None, body(&[], false));
        for (name, value) in fields {
            let value = http::HeaderValue::from_static(value);
            head.headers_mut().append(*name, value);
        }
        ReplyHead::new(head, false, &limits).map(drop)
    };
    assert!(with(&[("a", "1"), ("a", "2")]).is_ok());
    assert!(with(&[("a", "1"), ("a", "2"), ("b", "3")]).is_err());
    assert!(with(&[("a", "0123456789012345678")]).is_ok());
    assert!(with(&[("a", "01234567890123456789")]).is_err());
    let early = ReplyHead::new(head(103, None, body(&[], false)), false, &limits);
    assert!(early.is_err());
}

#[test]
fn a_streamed_body_keeps_its_word_or_breaks_off() {
    let stream = |length, pieces: &[&'static str], fate| {
        let call = call();
        let reply = checked(head(200, length, body(pieces, false)), false);
        let reply = reply.stream(Vec::new(), &call, false);
        let HttpBody::Stream(mut stream) = reply.body else {
            panic!("not streamed");
        };
        call.end(fate);
        let mut read = 0;
        loop {
            match poll(&mut stream) {
                Poll::Ready(Some(Ok(frame))) => read += frame.data_ref().map_or(0, Bytes::len),
                Poll::Ready(Some(Err(_))) => return (read, false),
                Poll::Ready(None) => return (read, true),
                Poll::Pending => panic!("pending"),
            }
        }
    };
    assert_eq!(stream(None, &["ab", "c"], Fate::Returned), (3, true));
    assert_eq!(stream(Some(3), &["ab", "c"], Fate::Returned), (3, true));
    assert_eq!(stream(Some(2), &["ab", "c"], Fate::Returned), (2, false));
    assert_eq!(stream(Some(4), &["ab", "c"], Fate::Returned), (3, false));
    // A body that ends because its store was dropped is not complete.
    assert_eq!(stream(None, &["ab", "c"], Fate::Failed), (0, false));
}

#[test]
fn a_body_that_its_guest_forgot_breaks_off() {
    let call = call();
    let reply = checked(head(200, None, body(&["ab"], true)), false);
    let HttpBody::Stream(mut stream) = reply.stream(Vec::new(), &call, false).body else {
        panic!("not streamed");
    };
    assert!(matches!(poll(&mut stream), Poll::Ready(Some(Ok(_)))));
    assert!(poll(&mut stream).is_pending());
    call.end(Fate::Returned);
    assert!(matches!(poll(&mut stream), Poll::Ready(Some(Err(_)))));
    assert!(matches!(poll(&mut stream), Poll::Ready(None)));
}

#[test]
fn a_short_body_of_several_at_once_is_whole() {
    let settled =
        |is_open| checked(head(200, None, body(&["ab"], is_open)), false).reply_so_far(&call());
    assert!(matches!(settled(false), Ok(Progress::Whole(_))));
    let Ok(Progress::Streaming(reply)) = settled(true) else {
        panic!("whole");
    };
    let HttpBody::Stream(mut stream) = reply.body else {
        panic!("not streamed");
    };
    // What was taken of it already comes first.
    assert!(
        matches!(poll(&mut stream), Poll::Ready(Some(Ok(frame))) if frame.data_ref().is_some())
    );
}

#[test]
fn dropping_a_body_gives_it_up() {
    let call = call();
    let reply = checked(head(200, None, body(&[], true)), false);
    drop(reply.stream(Vec::new(), &call, false));
    assert_eq!(call.fate(), Fate::Abandoned);
}

#[test]
fn a_request_has_its_limit_and_can_be_taken_back() {
    let call = call();
    let full = || Full::new(Bytes::from_static(b"abcde"));
    let upload = |limit| Upload::new(full(), call.clone(), limit, Duration::from_secs(1));
    let (given, _kept) = upload(4);
    let refused = poll(&mut GuestBody::Upload(given));
    assert!(matches!(
        refused,
        Poll::Ready(Some(Err(Error::HttpRequestBodySize(Some(4)))))
    ));
    assert_eq!(call.take_upload_error(), Some(UploadError::TooLarge(4)));
    let (given, kept) = upload(5);
    let mut given = GuestBody::Upload(given);
    assert_eq!(given.size_hint().exact(), Some(5));
    assert!(matches!(poll(&mut given), Poll::Ready(Some(Ok(_)))));
    assert!(kept.take_back().is_some());
    assert!(kept.take_back().is_none());
    assert!(matches!(
        poll(&mut given),
        Poll::Ready(Some(Err(Error::ConnectionTerminated)))
    ));
    assert!(poll(&mut GuestBody::<Full<Bytes>>::Empty).is_ready());
}

#[test]
fn a_request_is_waited_for_so_long_altogether() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let call = call();
        let timeout = Duration::from_millis(50);
        let silent = body(&["ab"], true).map_err(|error| error.to_string());
        let (given, _kept) = Upload::new(silent, call.clone(), 9, timeout);
        let mut given = pin!(GuestBody::Upload(given));
        let start = std::time::Instant::now();
        assert!(given.frame().await.unwrap().is_ok());
        let late = given.frame().await.unwrap();
        assert!(matches!(late, Err(Error::ConnectionReadTimeout)));
        assert!(start.elapsed() >= timeout - Duration::from_millis(2));
        assert_eq!(call.take_upload_error(), Some(UploadError::Late));
    });
}
