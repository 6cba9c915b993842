//! More concurrent requests than instances.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use http::{Request, Response};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::attack::Attack;

/// The responses to all requests.
pub(crate) struct Answers(Vec<Response<usize>>);

impl Answers {
    pub(crate) fn statuses(&self) -> Vec<u16> {
        self.0
            .iter()
            .map(|answer| answer.status().as_u16())
            .collect()
    }
}

/// Sends many requests on each of many connections before it reads the first response.
pub(crate) fn ask(
    address: SocketAddr,
    connections: usize,
    requests: usize,
    headers: &[(&'static str, String)],
) -> Answers {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("an async runtime");
    runtime.block_on(async {
        let mut asked = JoinSet::new();
        for _ in 0..connections {
            asked.spawn(ask_on_one(address, requests, headers.to_vec()));
        }
        let answers = asked.join_all().await;
        Answers(answers.into_iter().flatten().collect())
    })
}

async fn ask_on_one(
    address: SocketAddr,
    requests: usize,
    headers: Vec<(&'static str, String)>,
) -> Vec<Response<usize>> {
    let stream = TcpStream::connect(address).await.expect("a connection");
    let (client, connection) = h2::client::Builder::new()
        .initial_max_send_streams(requests)
        .handshake::<_, bytes::Bytes>(stream)
        .await
        .expect("HTTP/2");
    let driver = tokio::spawn(connection);
    let mut pending = Vec::new();
    for _ in 0..requests {
        let mut client = client.clone().ready().await.expect("a free stream");
        let mut request = Request::builder().uri(format!("http://{address}/do"));
        for (name, value) in &headers {
            request = request.header(*name, value);
        }
        let request = request.body(()).expect("a request");
        pending.push(client.send_request(request, true).expect("a stream").0);
    }
    let mut answers = Vec::new();
    for answer in pending {
        let (head, mut body) = answer.await.expect("an answer").into_parts();
        let mut length = 0;
        while let Some(data) = body.data().await {
            let data = data.expect("a body");
            let _ = body.flow_control().release_capacity(data.len());
            length += data.len();
        }
        answers.push(Response::from_parts(head, length));
    }
    drop(client);
    driver.abort();
    answers
}

/// Each request waits 100 ms in the guest. The host serves 64 at once, queues up to the limit, and
/// rejects the others with 503.
#[test]
fn ten_thousand_requests_to_a_slow_guest() {
    const CONNECTIONS: usize = 80;
    const REQUESTS: usize = 125;
    let attack = Attack::crowded(&["--workers", "2", "--log-level", "info"]);
    let start = Instant::now();
    let headers = [("x-do", "nap".to_owned())];
    let answers = ask(attack.server().address(), CONNECTIONS, REQUESTS, &headers);
    let took = start.elapsed();
    assert_eq!(answers.0.len(), 10_000);
    let mut served = 0;
    for answer in &answers.0 {
        let headers = answer.headers();
        match answer.status().as_u16() {
            200 => served += 1,
            503 => {
                assert_eq!(headers["content-type"], "application/problem+json");
                assert!(headers.contains_key("retry-after"), "{headers:?}");
                assert!(*answer.body() > 0);
            }
            status => panic!("{status}"),
        }
    }
    println!("{served} of 10000 served in {took:?}");
    // The host served every queued request, within the expected time.
    assert!(served >= 64 + 1024, "{served}");
    assert!(took < Duration::from_secs(30), "{took:?}");
    let log = attack.end(384 << 20);
    let refused = log.lines().filter(|line| line.contains("status=503"));
    assert!(
        refused.count() >= 10_000 - served,
        "the log does not have every refusal"
    );
    assert!(
        log.contains("the queue for an instance is full"),
        "the log does not say why"
    );
}
