//! Tests of connections in memory, without a socket or an app.

use std::sync::Arc;

use spikard_wasm_app::Mounts;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::LocalSet;

use super::*;
use crate::admission::Requests;
use crate::app_router::RunningApps;
use crate::metrics::Figures;
use crate::shared::{Apps, Shared};

/// Sends bytes to a host without apps, and returns all it answers until it closes the
/// connection.
fn exchange(sent: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    LocalSet::new().block_on(&runtime.expect("a runtime"), async {
        let (mut client, host) = tokio::io::duplex(64 << 10);
        let graceful = GracefulShutdown::new();
        connections().await.serve(
            in_memory(host),
            OpenConnection::new(&Arc::default()),
            &graceful,
        );
        client
            .write_all(sent.as_bytes())
            .await
            .expect("room for the request");
        let mut received = String::new();
        client.read_to_string(&mut received).await.expect("text");
        graceful.shutdown().await;
        received
    })
}

fn in_memory(io: DuplexStream) -> Connection<DuplexStream> {
    Connection {
        io,
        peer: ([127, 0, 0, 1], 1).into(),
        scheme: Scheme::HTTP,
        local: ([127, 0, 0, 1], 2).into(),
    }
}

async fn connections() -> Connections {
    let requests = Requests::new(10);
    let shared = Shared {
        number: 0,
        workers: 1,
        figures: Figures::new(&requests, 1),
        requests,
        serves_metrics: true,
    };
    let apps = Apps {
        all: Arc::new([]),
        mounts: Arc::new(Mounts::default()),
    };
    let running = RunningApps::start(&apps, None, &shared).await;
    let router = AppRouter::new(running.unwrap_or_else(|error| panic!("{error}")));
    Connections::new(router, &Settings::default())
}

#[test]
fn a_host_without_apps_answers_in_order() {
    let get = |path: &str, end| format!("GET {path} HTTP/1.1\r\nhost: a\r\n{end}\r\n");
    let last = get("/nothing", "connection: close\r\n");
    let received = exchange(&(get("/nothing", "") + &get("/metrics", "") + &last));
    let heads = received.split("HTTP/1.1 ").skip(1);
    let statuses: Vec<&str> = heads.map(|head| &head[..3]).collect();
    assert_eq!(statuses, ["404", "200", "404"], "{received}");
    assert!(received.contains("application/problem+json"), "{received}");
}

#[test]
fn a_faulty_head_ends_its_connection() {
    let get = "GET / HTTP/1.1\r\n";
    let received = exchange(&format!("{get}\r\n{get}host: a\r\n\r\n"));
    assert!(
        received.starts_with("HTTP/1.1 400 Bad Request"),
        "{received}"
    );
    assert!(received.contains("connection: close"), "{received}");
    assert_eq!(received.matches("HTTP/1.1 ").count(), 1, "{received}");
}

#[test]
fn an_upgraded_connection_carries_another_protocol() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let received = LocalSet::new().block_on(&runtime.expect("a runtime"), async {
        let (mut client, host) = tokio::io::duplex(64 << 10);
        let graceful = GracefulShutdown::new();
        let connections = connections().await;
        let timing = Timing::new(Duration::from_secs(5), Duration::from_secs(5));
        connections.serve_with(
            echo_upgraded,
            in_memory(host),
            timing,
            OpenConnection::new(&Arc::default()),
            &graceful,
        );
        let head = "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
        let sent = client.write_all(head.as_bytes()).await;
        sent.expect("room for the head");
        let mut answer = vec![0; 12];
        let read = client.read_exact(&mut answer).await;
        read.expect("a status line");
        assert_eq!(answer, b"HTTP/1.1 101");
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(client.read_u8().await.expect("the rest of the head"));
        }
        client.write_all(b"ping").await.expect("room for `ping`");
        client.shutdown().await.expect("an open connection");
        let mut received = String::new();
        client.read_to_string(&mut received).await.expect("text");
        received
    });
    assert_eq!(received, "ping");
}

/// Answers 101, and then sends back what the client sends.
async fn echo_upgraded(
    request: Request<Incoming>,
) -> Response<http_body_util::Empty<bytes::Bytes>> {
    tokio::task::spawn_local(async move {
        let upgraded = hyper::upgrade::on(request).await.expect("an upgrade");
        let (mut reader, mut writer) = tokio::io::split(TokioIo::new(upgraded));
        let copied = tokio::io::copy(&mut reader, &mut writer).await;
        assert_eq!(copied.expect("an open connection"), 4);
        writer.shutdown().await.expect("an open connection");
    });
    let response = Response::builder()
        .status(101)
        .header("connection", "upgrade")
        .header("upgrade", "echo");
    response
        .body(http_body_util::Empty::new())
        .expect("a response")
}
