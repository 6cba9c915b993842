//! The upstream, through hyper's client with its pool of connections.

use futures_util::future::try_join_all;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::Deserialize;

use crate::database::Result;

#[derive(Deserialize)]
struct Number {
    number: u64,
}

pub(crate) struct Upstream {
    url: String,
    client: Client<HttpConnector, Empty<Bytes>>,
}

impl Upstream {
    pub(crate) fn new(url: String) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self { url, client }
    }

    async fn number(&self, call: u32) -> Result<u64> {
        let uri = format!("{}/numbers/{call}", self.url).parse()?;
        let reply = self.client.get(uri).await?;
        let body = reply.into_body().collect().await?.to_bytes();
        Ok(serde_json::from_slice::<Number>(&body)?.number)
    }

    /// Sends all calls at once and adds the numbers of the replies.
    pub(crate) async fn sum(&self, calls: u32) -> Result<u64> {
        let numbers = try_join_all((0..calls).map(|call| self.number(call))).await?;
        Ok(numbers.into_iter().sum())
    }
}
