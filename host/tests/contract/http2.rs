//! HTTP/2 with prior knowledge (h2c), on the same port.

use bytes::Bytes;
use http::Request;
use spikard_wasm_testing::Server;

use crate::support::Lane;

/// Sends requests (method, target, body) concurrently over one connection, and returns statuses
/// and bodies.
fn ask(server: &Server, requests: &[(&str, &str, &'static [u8])]) -> Vec<(u16, Vec<u8>)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("an async runtime");
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(server.address())
            .await
            .expect("a connection");
        let (client, connection) = h2::client::handshake(stream).await.expect("HTTP/2");
        let driver = tokio::spawn(connection);
        let mut pending = Vec::new();
        for (method, target, body) in requests {
            let mut client = client.clone().ready().await.expect("a free stream");
            let request = Request::builder()
                .method(*method)
                .uri(format!("http://{}{target}", server.address()))
                .body(())
                .expect("a request");
            let (response, mut stream) = client
                .send_request(request, body.is_empty())
                .expect("a stream");
            if !body.is_empty() {
                stream
                    .send_data(Bytes::from_static(body), true)
                    .expect("a body");
            }
            pending.push(response);
        }
        let mut answers = Vec::new();
        for response in pending {
            let response = response.await.expect("a response");
            let (head, mut body) = response.into_parts();
            let mut bytes = Vec::new();
            while let Some(data) = body.data().await {
                let data = data.expect("a body");
                let _ = body.flow_control().release_capacity(data.len());
                bytes.extend_from_slice(&data);
            }
            answers.push((head.status.as_u16(), bytes));
        }
        drop(client);
        driver.abort();
        answers
    })
}

#[test]
fn concurrent_requests_share_a_connection() {
    let server = Lane::Rust.serve("faulty", &["--workers", "1"]);
    let answers = ask(
        &server,
        &[
            ("GET", "/sleep?ms=100", b""),
            ("GET", "/only/get", b""),
            ("POST", "/body/raw", b"\x00body"),
            ("POST", "/body/small", b"longer than 16 bytes"),
            ("PUT", "/only/get", b""),
            ("GET", "/throw", b""),
            ("HEAD", "/only/get", b""),
        ],
    );
    let statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [200, 200, 200, 413, 405, 500, 200]);
    assert_eq!(answers[0].1, b"slept");
    assert_eq!(answers[2].1, b"\x00body");
    assert!(answers[6].1.is_empty());
    server.stop();
}
