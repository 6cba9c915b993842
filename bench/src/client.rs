//! An HTTP/1.1 client connection that sends one request at a time.

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

/// One keep-alive connection.
#[derive(Debug)]
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
}

/// A complete reply.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Connection {
    /// Connects to a port of this machine. The caller must run in a `LocalSet`.
    pub async fn open(port: u16) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let stream = TcpStream::connect(address)
            .await
            .context("cannot connect")?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::task::spawn_local(async move {
            // The pending request reports the error.
            let _ = connection.await;
        });
        Ok(Self { sender })
    }

    /// Sends a request and reads the whole reply.
    pub async fn send(&mut self, shot: &Shot) -> Result<Answer> {
        self.sender
            .ready()
            .await
            .context("the server closed the connection before the request was sent")?;
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
            .context("the connection closed in the middle of the reply")?
            .to_bytes();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    /// Returns true if the connection can carry another request.
    pub fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }
}

/// Runs a future that makes requests on the current thread, and fails after `limit`.
pub fn block_on<T>(limit: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        match tokio::time::timeout(limit, work).await {
            Ok(done) => done,
            Err(_) => bail!("no reply within {} s", limit.as_secs_f64()),
        }
    })
}

/// Returns the body of a `GET`; fails unless the status is 2xx.
pub fn get(port: u16, path: &str, limit: Duration) -> Result<Bytes> {
    block_on(limit, async {
        let mut connection = Connection::open(port).await?;
        let answer = connection.send(&Shot::get(port, path)?).await?;
        if !answer.status.is_success() {
            bail!("`GET {path}` returned status {}", answer.status.as_u16());
        }
        Ok(answer.body)
    })
}
