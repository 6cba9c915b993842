//! Request bodies that are sent while the guest produces them.

use std::task::Poll;

use serde_json::{Value, json};

use super::support::{Fixture, poll_once, response};

const URL: &str = "https://api.example.com/";

fn upload(number: u32) -> Value {
    json!({ "method": "POST", "url": URL, "upload": number })
}

#[tokio::test]
async fn chunks_arrive_in_order() {
    let mut fixture = Fixture::new(|_| response(200, &[]));
    let mut fetch = fixture.start("fetch", &upload(7), "one ").unwrap();
    assert!(matches!(poll_once(&mut fetch).await, Poll::Pending));
    let write = json!({ "upload": 7 });
    for chunk in ["two ", "", "three"] {
        let mut write = fixture.start("fetch.write", &write, chunk).unwrap();
        let written = tokio::select! {
            written = &mut write => written,
            _ = &mut fetch => panic!("the request ended"),
        };
        written.unwrap();
    }
    let end = json!({ "upload": 7, "end": true });
    let end = fixture.start("fetch.write", &end, "").unwrap();
    let (ended, result) = tokio::join!(end, fetch);
    ended.unwrap();
    assert_eq!(result.unwrap().status, 200);
    assert_eq!(fixture.seen()[0].body, "one two three");
    let late = fixture.run("fetch.write", &write, "x").await.unwrap_err();
    assert_eq!(late.code, "invalid");
}

#[tokio::test]
async fn a_write_waits_while_the_connection_takes_no_more() {
    let mut fixture = Fixture::new(|_| response(200, &[]));
    let fetch = fixture.start("fetch", &upload(1), "").unwrap();
    let write = json!({ "upload": 1 });
    fixture.run("fetch.write", &write, "a").await.unwrap();
    let mut waiting = fixture.start("fetch.write", &write, "b").unwrap();
    assert!(matches!(poll_once(&mut waiting).await, Poll::Pending));
    let second = fixture.run("fetch.write", &write, "c").await.unwrap_err();
    assert!(second.message.contains("is being written"), "{second:?}");
    drop(fetch);
    let error = waiting.await.unwrap_err();
    assert!(error.message.contains("has ended"), "{error:?}");
}

#[tokio::test]
async fn the_number_is_free_again_after_the_request() {
    let mut fixture = Fixture::new(|_| response(200, &[]));
    let first = fixture.start("fetch", &upload(1), "").unwrap();
    let twice = fixture.run("fetch", &upload(1), "").await.unwrap_err();
    assert!(twice.message.contains("already open"), "{twice:?}");
    drop(first);
    assert!(fixture.start("fetch", &upload(1), "").is_ok());
    let get = json!({ "url": URL, "upload": 2 });
    let get = fixture.run("fetch", &get, "").await.unwrap_err();
    assert_eq!(get.code, "invalid");
}

#[tokio::test]
async fn a_redirect_cannot_repeat_the_body() {
    let mut fixture = Fixture::new(|_| response(307, &[("location", "/b")]));
    let fetch = fixture.start("fetch", &upload(1), "a").unwrap();
    let end = json!({ "upload": 1, "end": true });
    let end = fixture.start("fetch.write", &end, "").unwrap();
    let (_, result) = tokio::join!(end, fetch);
    let error = result.unwrap_err();
    assert!(error.message.contains("was streamed"), "{error:?}");
}
