//! Requests that no app is mounted for: the host's own pages, and 404 for the rest.

use std::rc::Rc;

use hyper::http::request::Parts;
use spikard_wasm_app::Refusal;

use super::builtin::Builtin;
use crate::body::RequestBody;
use crate::exchange::{Desk, Exchange, Trigger};
use crate::response::HttpResponse;

/// Answers requests that no app is mounted for.
pub(crate) struct NotFound {
    desk: Rc<Desk>,
    builtin: Builtin,
}

impl NotFound {
    pub(crate) fn new(desk: Rc<Desk>, builtin: Builtin) -> Self {
        Self { desk, builtin }
    }
}

impl Trigger for NotFound {
    fn desk(&self) -> &Rc<Desk> {
        &self.desk
    }

    async fn answer<'a>(
        &'a self,
        parts: Parts,
        _body: &mut RequestBody,
        exchange: &mut Exchange<'a>,
    ) -> Result<HttpResponse, Refusal> {
        exchange.enter()?;
        self.builtin
            .answer(&parts)
            .unwrap_or(Err(Refusal::NotFound))
    }
}
