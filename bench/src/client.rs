//! A connection to a server, over which one request goes at a time.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::shot::Shot;

/// One kept-open connection.
#[derive(Debug)]
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
}

/// A reply as it came.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// All of its body.
    pub body: Bytes,
}

impl Connection {
    /// Connects to a port of this machine. It needs a `LocalSet`.
    pub async fn open(port: u16) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let stream = TcpStream::connect(address)
            .await
            .context("cannot connect")?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::task::spawn_local(async move {
            // What went wrong is seen by the request that waits for it.
            let _ = connection.await;
        });
        Ok(Self { sender })
    }

    /// Sends a request and reads its reply.
    pub async fn send(&mut self, shot: &Shot) -> Result<Answer> {
        self.sender
            .ready()
            .await
            .context("the server closed the connection")?;
        let mut request = http::Request::new(Full::new(shot.body.clone()));
        *request.method_mut() = shot.method.clone();
        *request.uri_mut() = shot.uri.clone();
        *request.headers_mut() = shot.headers.clone();
        let reply = self
            .sender
            .send_request(request)
            .await
            .context("no reply")?;
        let (head, body) = reply.into_parts();
        let body = body
            .collect()
            .await
            .context("the reply broke off")?
            .to_bytes();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    /// Whether another request can be sent.
    pub fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }
}

/// Runs something with requests in it on this thread, in bounded time.
pub fn block_on<T>(limit: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        match tokio::time::timeout(limit, work).await {
            Ok(done) => done,
            Err(_) => bail!("there was no answer within {} s", limit.as_secs_f64()),
        }
    })
}

/// The body of a `GET`, where its status is 2xx.
pub fn get(port: u16, path: &str, limit: Duration) -> Result<Bytes> {
    block_on(limit, async {
        let mut connection = Connection::open(port).await?;
        let answer = connection.send(&Shot::get(port, path)?).await?;
        if !answer.status.is_success() {
            bail!("`GET {path}` got status {}", answer.status.as_u16());
        }
        Ok(answer.body)
    })
}
