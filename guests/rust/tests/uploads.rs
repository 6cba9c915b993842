//! Bodies of outgoing requests that are sent while they are produced.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use futures::{StreamExt, stream};
use spikard_wasm_sdk::testing::{OutgoingReply, OutgoingRequest, TestClient};
use spikard_wasm_sdk::{App, HttpError, OperationError, Route, http, sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

macro_rules! client {
    ($handler:expr) => {
        TestClient::new(App::new("app").route(Route::get("/", $handler)))
    };
}

/// A client whose outgoing requests are noted and answered with `stored`.
fn noting(client: TestClient) -> (TestClient, Rc<RefCell<Vec<OutgoingRequest>>>) {
    let requests = Rc::new(RefCell::new(Vec::new()));
    let noted = requests.clone();
    let client = client.with_fetch(move |request| {
        noted.borrow_mut().push(request);
        OutgoingReply::text("stored")
    });
    (client, requests)
}

fn request() -> http::RequestBuilder {
    let request = http::Client::new().post("https://files.example/a");
    request.header("content-type", "text/plain")
}

#[test]
fn a_stream_becomes_a_body() {
    let (client, requests) = noting(client!(async || {
        let chunks = stream::iter(1..=3).then(async |number| {
            sleep(SECOND).await;
            format!("{number};")
        });
        let reply = request().body("0;").send_stream(chunks).await?;
        Ok::<_, HttpError>(reply.text().await?)
    }));
    assert_eq!(client.get("/").send().text(), "stored");
    assert_eq!(client.elapsed(), 3 * SECOND);
    let requests = requests.borrow();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].body, b"0;1;2;3;");
    assert_eq!(requests[0].header("content-type"), Some("text/plain"));
}

#[test]
fn an_iterator_and_a_response_become_bodies() {
    let app = App::new("app").route(Route::get("/", async || {
        let reply = request().send_chunks(["a", "", "b"]).await?;
        let copied = request().send_stream(reply.chunks()).await?;
        Ok::<_, HttpError>(copied.text().await?)
    }));
    let client = TestClient::new(app)
        .with_fetch(|request| OutgoingReply::new(200).chunk(request.body).chunk("c"));
    assert_eq!(client.get("/").send().text(), "abcc");
}

#[test]
fn chunks_are_taken_one_at_a_time() {
    let taken = Rc::new(Cell::new(0));
    let count = taken.clone();
    let (client, requests) = noting(client!(move || {
        let count = count.clone();
        let endless = std::iter::from_fn(move || {
            count.set(count.get() + 1);
            Some("x")
        });
        let slow = stream::iter(endless).then(async |chunk| {
            sleep(SECOND).await;
            chunk
        });
        async move {
            match timeout(SECOND * 10, request().send_stream(slow)).await {
                Ok(_) => "sent",
                Err(_) => "late",
            }
        }
    }));
    assert_eq!(client.get("/").send().text(), "late");
    assert_eq!(taken.get(), 10);
    assert!(requests.borrow().is_empty());
}

#[test]
fn the_error_of_a_chunk_ends_the_request() {
    let (client, requests) = noting(client!(async || {
        let error = OperationError::new("failed", "the file ends early");
        let sent = request().send_chunks([Ok("a"), Err(error)]).await;
        sent.err()
            .map_or_else(String::new, |error| error.to_string())
    }));
    assert_eq!(
        client.get("/").send().text(),
        "the file ends early (`failed`)"
    );
    assert!(requests.borrow().is_empty());
}

#[test]
fn the_error_of_the_request_counts() {
    let client = client!(async || {
        let sent = request().send_chunks(["a", "b"]).await;
        sent.err()
            .map_or_else(String::new, |error| error.code().to_owned())
    });
    assert_eq!(client.get("/").send().text(), "denied");
    let client = client!(async || {
        let sent = request().send_chunks(["a", "b"]).await;
        sent.err()
            .map_or_else(String::new, |error| error.code().to_owned())
    })
    .with_fetch(|_| OutgoingReply::error("unavailable", "the connection was closed"));
    assert_eq!(client.get("/").send().text(), "unavailable");
}
