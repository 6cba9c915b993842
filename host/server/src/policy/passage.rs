//! Application of a route's policies to one request and its response.

use std::net::SocketAddr;

use hyper::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use hyper::http::request::Parts;
use spikard_wasm_app::Refusal;
use spikard_wasm_app::policy::{AdmissionRecord, Coding, Policies, RequestIdPolicy};
use uuid::Uuid;

use super::compression;
use super::headers::{joined, set, set_cors};
use crate::request::{Head, RequestId};
use crate::response::HttpResponse;

/// Policies of one request. It keeps the request's properties that the response needs, because
/// the request itself moves to the guest.
pub(crate) struct Passage<'a> {
    policies: &'a Policies,
    pub(super) origin: Origin,
    coding: Coding,
    id: Option<RequestId>,
    admitted: AdmissionRecord,
}

/// Origin of a request, for CORS.
pub(super) enum Origin {
    /// The request has no Origin header.
    None,
    /// The value of the Origin header; empty if the header is repeated.
    One(HeaderValue),
    /// The response already has its CORS headers.
    Answered,
}

impl<'a> Passage<'a> {
    /// Applies the policies that precede admission. Replaces `id` if a request-ID policy
    /// applies.
    pub(crate) fn begin(policies: &'a Policies, parts: &Parts, id: &mut RequestId) -> Self {
        let mut policy_id = None;
        if let Some(policy) = &policies.request_id {
            *id = request_id(policy, &parts.headers);
            policy_id = Some(id.clone());
        }
        let coding = policies.compression.as_ref().map(|policy| {
            let accepted = joined(&parts.headers, &ACCEPT_ENCODING);
            policy.choose(&accepted)
        });
        Self {
            policies,
            origin: origin(&parts.headers),
            coding: coding.unwrap_or(Coding::Identity),
            id: policy_id,
            admitted: AdmissionRecord::default(),
        }
    }

    /// Checks the rate limit and the credentials of a request.
    ///
    /// # Errors
    /// 429 if the request exceeds its rate limit, 401 without valid credentials.
    pub(crate) fn admit(
        &mut self,
        parts: &Parts,
        peer: SocketAddr,
        route: u32,
    ) -> Result<(), Refusal> {
        self.policies
            .admit(&Head(parts), peer.ip(), route, &mut self.admitted)
    }

    /// Takes the values that the policies add to the request's local context: keys and JSON
    /// texts.
    pub(crate) fn take_local(&mut self) -> Vec<(&'static str, String)> {
        std::mem::take(&mut self.admitted.local)
    }

    /// Applies the policies to the response: a handler's, or the problem document of a refusal.
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
            for (name, value) in rate.headers() {
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

/// Returns the client's request ID if the policy accepts it, otherwise a random UUID (RFC 9562,
/// version 4).
fn request_id(policy: &RequestIdPolicy, headers: &HeaderMap) -> RequestId {
    let mut values = headers.get_all(&policy.header).iter();
    let accepted = match (values.next(), values.next()) {
        (Some(value), None) => policy.take(value.as_bytes()),
        _ => None,
    };
    let mut buffer = Uuid::encode_buffer();
    let id: &str = match accepted {
        Some(id) => id,
        None => Uuid::new_v4().hyphenated().encode_lower(&mut buffer),
    };
    RequestId::Text(id.into())
}

/// Reads the Origin header. A repeated header becomes an empty origin, which no policy allows.
pub(super) fn origin(headers: &HeaderMap) -> Origin {
    let mut values = headers.get_all(ORIGIN).iter();
    match (values.next(), values.next()) {
        (None, _) => Origin::None,
        (Some(origin), None) => Origin::One(origin.clone()),
        (Some(_), Some(_)) => Origin::One(HeaderValue::from_static("")),
    }
}
