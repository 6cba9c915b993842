//! What a route's policies make of its requests and its responses: the part that
//! needs HTTP. What they are, and what of them is pure, is in
//! `spikard_wasm_app::policy`.

pub(crate) mod accept_encoding;
mod compression;
pub(crate) mod conditions;
mod contained;
mod file_path;
mod preflight;
mod static_files;

use std::net::SocketAddr;

use hyper::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, ORIGIN, VARY};
use hyper::http::request::Parts;
use spikard_wasm_app::Refusal;
use spikard_wasm_app::policy::{Admitted, Coding, Policies, RequestIdPolicy};
use uuid::Uuid;

pub(crate) use self::preflight::preflight;
pub(crate) use self::static_files::StaticFiles;
use crate::request::{Head, RequestId};
use crate::response::HttpResponse;

/// A request on its way under policies. What its response needs of it is kept, since
/// the request itself goes to the guest.
pub(crate) struct Passage<'a> {
    policies: &'a Policies,
    origin: Origin,
    coding: Coding,
    id: Option<RequestId>,
    admitted: Admitted,
}

/// Where a request comes from, for CORS.
enum Origin {
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
fn origin(headers: &HeaderMap) -> Origin {
    let mut values = headers.get_all(ORIGIN).iter();
    match (values.next(), values.next()) {
        (None, _) => Origin::None,
        (Some(origin), None) => Origin::One(origin.clone()),
        (Some(_), Some(_)) => Origin::One(HeaderValue::from_static("")),
    }
}

/// All fields of a name as one (RFC 9110, section 5.3).
fn joined(headers: &HeaderMap, name: &HeaderName) -> Vec<u8> {
    let values: Vec<&[u8]> = headers
        .get_all(name)
        .iter()
        .map(|value| value.as_bytes())
        .collect();
    values.join(b", " as &[u8])
}

/// Sets a header; one that HTTP does not allow, which a check at load keeps out, is
/// left out.
fn set(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        headers.insert(name, value);
    }
}

/// Sets the headers of CORS. A handler's own would undo the policy, and go.
fn set_cors(headers: &mut HeaderMap, new: &[(&'static str, String)]) {
    let own: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("access-control-"))
        .cloned()
        .collect();
    for name in own {
        headers.remove(name);
    }
    for (name, value) in new {
        match *name {
            "vary" => vary(headers, value),
            name => set(headers, name, value),
        }
    }
}

/// Adds to the headers that a response depends on.
fn vary(headers: &mut HeaderMap, name: &str) {
    let known = joined(headers, &VARY);
    let known = String::from_utf8_lossy(&known);
    let is_known = |item: &str| item == "*" || item.eq_ignore_ascii_case(name);
    if known.split(',').map(str::trim).any(is_known) {
        return;
    }
    let value = match known.as_ref() {
        "" => name.to_owned(),
        known => format!("{known}, {name}"),
    };
    set(headers, "vary", &value);
}

#[cfg(test)]
mod tests;
