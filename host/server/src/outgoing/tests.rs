use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use futures_util::FutureExt;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use spikard_wasm_app::grants::{Network, OutgoingPattern};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

const OPTIONS: OutboundOptions = OutboundOptions {
    connect_timeout: None,
    first_byte_timeout: None,
    between_bytes_timeout: None,
    depth: 0,
};

/// Starts a server whose response depends on the path.
async fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = service_fn(answer);
            let connection = hyper::server::conn::http1::Builder::new();
            tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

async fn answer(request: Request<Incoming>) -> Result<Response<StreamBody>, Infallible> {
    let pieces = |count: usize, pause: Duration| {
        let frames = futures_util::stream::unfold(0, move |sent| async move {
            if sent == count {
                return None;
            }
            if sent > 0 {
                tokio::time::sleep(pause).await;
            }
            let frame = hyper::body::Frame::data(Bytes::from_static(&[b'x'; 1000]));
            Some((Ok(frame), sent + 1))
        });
        http_body_util::StreamBody::new(frames).boxed_unsync()
    };
    let body = match request.uri().path() {
        "/echo" => request.into_body().map_err(Into::into).boxed_unsync(),
        "/late" => std::future::pending().await,
        "/long" => pieces(100, Duration::ZERO),
        "/slow" => pieces(2, Duration::from_secs(20)),
        "/host" => {
            let host = request.headers()["host"].as_bytes().to_vec();
            Full::new(Bytes::from(host))
                .map_err(|never| match never {})
                .boxed_unsync()
        }
        _ => {
            let mut redirect = Response::new(empty());
            *redirect.status_mut() = StatusCode::FOUND;
            redirect
                .headers_mut()
                .insert("location", "/echo".parse().unwrap());
            return Ok(redirect);
        }
    };
    Ok(Response::new(body))
}

fn empty() -> StreamBody {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

fn granted(allow: &[String]) -> Outgoing {
    let mut grants = Grants::default();
    let allow = allow
        .iter()
        .map(|text| OutgoingPattern::parse(text).unwrap());
    grants.outgoing.allow = allow.collect();
    grants.outgoing.timeout = Duration::from_millis(300);
    grants.outgoing.max_response = 10_000;
    Outgoing::new("test", &grants)
}

fn get(url: &str) -> Request<StreamBody> {
    Request::get(url).body(empty()).unwrap()
}

async fn text(sent: Sent) -> Result<String, String> {
    let body = sent.map_err(|error| error.to_string())?.into_body();
    let bytes = body
        .collect()
        .await
        .map_err(|error| error.to_string())?
        .to_bytes();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[tokio::test]
async fn a_granted_origin_is_reached() {
    let address = server().await;
    let outgoing = granted(&[format!("http://{address}")]);
    let body = Full::new(Bytes::from_static(b"hello")).map_err(|never| match never {});
    let request = Request::post(format!("http://{address}/echo"));
    let sent = outgoing
        .send(request.body(body.boxed_unsync()).unwrap(), OPTIONS)
        .await;
    assert_eq!(text(sent).await, Ok("hello".to_owned()));
    let sent = outgoing
        .send(get(&format!("http://{address}/host")), OPTIONS)
        .await;
    assert_eq!(text(sent).await, Ok(address.to_string()));
    // The host leaves redirects to the guest.
    let sent = outgoing
        .send(get(&format!("http://{address}/")), OPTIONS)
        .await
        .unwrap();
    assert_eq!(sent.status(), StatusCode::FOUND);
    assert_eq!(sent.headers()["location"], "/echo");
    drop(sent);
    assert_eq!(outgoing.figures().counts(), [3, 0, 0]);
    assert_eq!(outgoing.figures().under_way(), 0);
}

#[tokio::test]
async fn denied_requests_name_the_missing_grant() {
    let address = server().await;
    let outgoing = granted(&["https://example.com".to_owned(), "http://*:*".to_owned()]);
    let refused = async |url: String| {
        text(outgoing.send(get(&url), OPTIONS).await)
            .await
            .unwrap_err()
    };
    assert_eq!(
        refused("https://example.org/x?secret".to_owned()).await,
        "request to `https://example.org` denied; add `https://example.org` to `allow` of `[grants.outgoing]`"
    );
    // A wildcard covers public addresses only.
    assert!(
        refused(format!("http://{address}/echo"))
            .await
            .contains("private")
    );
    let port = address.port();
    assert!(
        refused(format!("http://localhost:{port}/"))
            .await
            .contains("`networks`")
    );
    assert!(
        refused(format!("http://[::ffff:127.0.0.1]:{port}/"))
            .await
            .contains("private")
    );
    assert!(
        refused(format!("http://user@{address}/"))
            .await
            .contains("user")
    );
    assert!(
        refused("http://shop.app.internal/".to_owned())
            .await
            .contains("`app://shop`")
    );
    // Only `localhost` was looked up.
    assert_eq!(outgoing.figures().counts(), [1, 5, 1]);
}

#[tokio::test]
async fn granted_networks_allow_private_addresses() {
    let port = server().await.port();
    let mut grants = Grants::default();
    grants.outgoing.allow = vec![OutgoingPattern::parse("http://*:*").unwrap()];
    grants.outgoing.networks = vec![Network::parse("127.0.0.0/8").unwrap()];
    let outgoing = Outgoing::new("test", &grants);
    let sent = outgoing
        .send(get(&format!("http://LocalHost:{port}/host")), OPTIONS)
        .await;
    assert!(
        text(sent)
            .await
            .unwrap()
            .to_lowercase()
            .starts_with("localhost:")
    );
}

#[tokio::test]
async fn time_and_size_are_limited() {
    let address = server().await;
    let outgoing = granted(&[format!("http://{address}")]);
    let failed = async |path: &str| {
        let sent = outgoing
            .send(get(&format!("http://{address}{path}")), OPTIONS)
            .await;
        text(sent).await.unwrap_err()
    };
    assert!(failed("/late").await.contains("no response from"));
    assert!(failed("/long").await.contains("longer than 10000 bytes"));
    assert!(
        failed("/slow")
            .await
            .contains("no chunk of the response of")
    );
    assert_eq!(outgoing.figures().under_way(), 0);
}

/// Returns an app that may have one request in flight, and a URL.
async fn one_at_a_time() -> (Outgoing, String) {
    let address = server().await;
    let mut grants = Grants::default();
    grants.outgoing.allow = vec![OutgoingPattern::parse(&format!("http://{address}")).unwrap()];
    grants.outgoing.max_requests = 1;
    (
        Outgoing::new("test", &grants),
        format!("http://{address}/echo"),
    )
}

#[tokio::test]
async fn requests_in_flight_are_limited() {
    let (outgoing, url) = one_at_a_time().await;
    let first = outgoing.send(get(&url), OPTIONS).await.unwrap();
    let impatient = OutboundOptions {
        first_byte_timeout: Some(Duration::from_millis(1)),
        ..OPTIONS
    };
    let second = outgoing.send(get(&url), impatient).await;
    assert_eq!(second.err(), Some(OutboundError::TooMany(1)));
    assert_eq!(outgoing.figures().counts(), [1, 1, 0]);
    let mut third = outgoing.send(get(&url), OPTIONS);
    assert!((&mut third).now_or_never().is_none());
    assert_eq!(outgoing.figures().under_way(), 1);
    drop(first);
    assert!(third.await.is_ok());
    assert_eq!(outgoing.figures().counts(), [2, 1, 0]);
}

#[tokio::test]
async fn requests_that_wait_are_limited_too() {
    let (outgoing, url) = one_at_a_time().await;
    let first = outgoing.send(get(&url), OPTIONS).await.unwrap();
    let mut waiting: Vec<_> = (0..10_000)
        .map(|_| outgoing.send(get(&url), OPTIONS))
        .collect();
    for request in &mut waiting {
        assert!(request.now_or_never().is_none());
    }
    let next = outgoing.send(get(&url), OPTIONS).await;
    assert_eq!(next.err(), Some(OutboundError::TooMany(1)));
    // A request that is cancelled makes room for another one.
    waiting.truncate(1);
    drop(first);
    assert!(waiting.remove(0).await.is_ok());
}

#[tokio::test]
async fn refused_connections_and_unknown_names_differ() {
    let outgoing = granted(&[
        "http://127.0.0.1:9".to_owned(),
        "http://nobody.invalid".to_owned(),
    ]);
    let sent = outgoing.send(get("http://127.0.0.1:9/"), OPTIONS).await;
    assert!(matches!(sent, Err(OutboundError::Connect(..))), "{sent:?}");
    let sent = outgoing.send(get("http://nobody.invalid/"), OPTIONS).await;
    // Without a resolver, the lookup may time out instead of failing.
    assert!(
        matches!(
            sent,
            Err(OutboundError::Dns(_) | OutboundError::ResponseTimeout(..))
        ),
        "{sent:?}"
    );
}

#[tokio::test]
async fn app_requests_need_a_worker_and_have_a_maximum_depth() {
    let outgoing = granted(&["app://other".to_owned()]);
    let url = "http://other.app.internal/a";
    let sent = outgoing.send(get(url), OPTIONS).await;
    assert!(matches!(sent, Err(OutboundError::Dns(_))), "{sent:?}");
    let deep = OutboundOptions {
        depth: MAX_DEPTH,
        ..OPTIONS
    };
    let sent = outgoing.send(get(url), deep).await;
    assert_eq!(sent.err(), Some(OutboundError::Loop(MAX_DEPTH)));
    assert_eq!(outgoing.figures().under_way(), 0);
}

/// A peer may close a connection after a response without `Connection: close`. The client then
/// finds a closed connection in the pool and sends the next request on another one.
#[tokio::test]
async fn a_request_that_was_not_sent_is_sent_on_another_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 1024];
            let _ = stream.read(&mut head).await;
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                .await;
        }
    });
    let outgoing = granted(&[format!("http://{address}")]);
    for number in 0..200 {
        let sent = outgoing.send(get(&format!("http://{address}/")), OPTIONS);
        assert_eq!(text(sent.await).await, Ok("ok".to_owned()), "{number}");
    }
}
