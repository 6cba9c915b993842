//! A request on its way under policies.

use std::net::SocketAddr;

use hyper::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use hyper::http::request::Parts;
use spikard_wasm_app::Refusal;
use spikard_wasm_app::policy::{Admitted, Coding, Policies, RequestIdPolicy};
use uuid::Uuid;

use super::compression;
use super::headers::{joined, set, set_cors};
use crate::request::{Head, RequestId};
use crate::response::HttpResponse;

/// A request on its way under policies. What its response needs of it is kept, since
/// the request itself goes to the guest.
pub(crate) struct Passage<'a> {
    policies: &'a Policies,
    pub(super) origin: Origin,
    coding: Coding,
    id: Option<RequestId>,
    admitted: Admitted,
}

/// Where a request comes from, for CORS.
pub(super) enum Origin {
    /// From no page of another origin.
    None,
    One(HeaderValue),
    /// The response has its headers already.
    Answered,
}

impl<'a> Passage<'a> {
    /// Begins with a request; `id` becomes the one that its policy says.
    pub(crate) fn begin(policies: &'a Policies, parts: &Parts, id: &mut RequestId) -> Self {
        let mut kept = None;
        if let Some(policy) = &policies.request_id {
            *id = request_id(policy, &parts.headers);
            kept = Some(id.clone());
        }
        let coding = policies.compression.as_ref().map(|policy| {
            let accepted = joined(&parts.headers, &ACCEPT_ENCODING);
            policy.choose(&accepted)
        });
        Self {
            policies,
            origin: origin(&parts.headers),
            coding: coding.unwrap_or(Coding::Identity),
            id: kept,
            admitted: Admitted::default(),
        }
    }

    /// Lets a request in.
    ///
    /// # Errors
    /// 429 past its rate limit, 401 without credentials.
    pub(crate) fn admit(
        &mut self,
        parts: &Parts,
        peer: SocketAddr,
        route: u32,
    ) -> Result<(), Refusal> {
        self.policies
            .admit(&Head(parts), peer.ip(), route, &mut self.admitted)
    }

    /// What the policies put into the request's local context: keys and JSON texts.
    pub(crate) fn take_local(&mut self) -> Vec<(&'static str, String)> {
        std::mem::take(&mut self.admitted.local)
    }

    /// Ends with a response: a handler's, or the problem document of a refusal.
    pub(crate) async fn finish(self, mut response: HttpResponse) -> HttpResponse {
        let headers = response.headers_mut();
        if let Some(policy) = &self.policies.security_headers {
            for (name, value) in policy.headers() {
                if !headers.contains_key(name) {
                    set(headers, name, value);
                }
            }
        }
        if let Some(cors) = &self.policies.cors {
            let origin = match &self.origin {
                Origin::None => Some(None),
                Origin::One(origin) => Some(Some(origin.as_bytes())),
                Origin::Answered => None,
            };
            if let Some(origin) = origin {
                set_cors(headers, &cors.of_response(origin));
            }
        }
        if let Some(rate) = self.admitted.rate {
            for (name, value) in [
                ("ratelimit-limit", rate.limit),
                ("ratelimit-remaining", rate.remaining),
                ("ratelimit-reset", rate.reset),
            ] {
                headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
            }
        }
        if let (Some(policy), Some(id)) = (&self.policies.request_id, &self.id) {
            set(headers, &policy.header, &id.to_string());
        }
        match &self.policies.compression {
            Some(policy) => compression::compress(policy, self.coding, response).await,
            None => response,
        }
    }
}

/// The request's own id, if it is taken, or a new one: a random UUID (RFC 9562,
/// version 4).
fn request_id(policy: &RequestIdPolicy, headers: &HeaderMap) -> RequestId {
    let mut values = headers.get_all(&policy.header).iter();
    let taken = match (values.next(), values.next()) {
        (Some(value), None) => policy.take(value.as_bytes()),
        _ => None,
    };
    let mut buffer = Uuid::encode_buffer();
    let id: &str = match taken {
        Some(id) => id,
        None => Uuid::new_v4().hyphenated().encode_lower(&mut buffer),
    };
    RequestId::Text(id.into())
}

/// Several origins are none that could be allowed.
pub(super) fn origin(headers: &HeaderMap) -> Origin {
    let mut values = headers.get_all(ORIGIN).iter();
    match (values.next(), values.next()) {
        (None, _) => Origin::None,
        (Some(origin), None) => Origin::One(origin.clone()),
        (Some(_), Some(_)) => Origin::One(HeaderValue::from_static("")),
    }
}
