//! Trailers in both directions, over HTTP/1.1 and HTTP/2.

use bytes::Bytes;
use http::{HeaderMap, Request};
use spikard_wasm_testing::Server;

use super::Guest;

const GUESTS: [Guest; 2] = [Guest::Raw, Guest::P3];

#[test]
fn trailers_go_both_ways_in_http1() {
    for guest in GUESTS {
        let server = guest.serve(&[]);
        let mut wire = server.wire();
        for _ in 0..2 {
            wire.send("POST /trailers HTTP/1.1\r\nhost: a\r\nte: trailers\r\n");
            wire.send("trailer: x-sum, x-note\r\ntransfer-encoding: chunked\r\n\r\n");
            wire.send("4\r\nbody\r\n0\r\nx-sum: 42\r\nx-note: done\r\n\r\n");
            assert_eq!(wire.head_response().status, 200);
            assert_eq!(wire.chunk().as_deref(), Some(&b"body"[..]));
            assert_eq!(wire.chunk(), None);
            let mut trailers = wire.trailers();
            trailers.sort();
            let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            assert_eq!(trailers, [pair("x-note", "done"), pair("x-sum", "42")]);
        }
        // A request without trailers gets none.
        wire.send("POST /trailers HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbody");
        assert_eq!(wire.response().text(), "body");
    }
}

#[test]
fn trailers_go_both_ways_in_http2() {
    for guest in GUESTS {
        let server = guest.serve(&[]);
        let (body, trailers) = ask(&server);
        assert_eq!(body, b"body");
        assert_eq!(trailers["x-sum"], "42");
        assert_eq!(trailers["x-note"], "done");
        assert_eq!(trailers.len(), 2);
    }
}

/// Sends a request with a body and trailers, and returns those of the reply.
fn ask(server: &Server) -> (Vec<u8>, HeaderMap) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("an async runtime");
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(server.address());
        let stream = stream.await.expect("a connection");
        let (client, connection) = h2::client::handshake(stream).await.expect("HTTP/2");
        let driver = tokio::spawn(connection);
        let mut client = client.ready().await.expect("a free stream");
        let request = Request::post(format!("http://{}/trailers", server.address()));
        let request = request.body(()).expect("a request");
        let (response, mut send) = client.send_request(request, false).expect("a stream");
        send.send_data(Bytes::from_static(b"body"), false)
            .expect("a body");
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", "42".parse().expect("a value"));
        trailers.insert("x-note", "done".parse().expect("a value"));
        send.send_trailers(trailers).expect("trailers");
        let (head, mut body) = response.await.expect("a response").into_parts();
        assert_eq!(head.status, 200);
        let mut bytes = Vec::new();
        while let Some(data) = body.data().await {
            bytes.extend_from_slice(&data.expect("a body"));
        }
        let trailers = body.trailers().await.expect("the end");
        driver.abort();
        (bytes, trailers.unwrap_or_default())
    })
}
