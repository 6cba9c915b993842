//! Applies the policies of a route or an app to one request, in the host's order.

use std::net::{IpAddr, Ipv4Addr};

use spikard_wasm_app::policy::{self, AdmissionRecord, Policies, Preflight};
use spikard_wasm_app::{App, Refusal, RequestHead};

use crate::{Fields, Head};

/// The headers that frame a message or belong to the connection (RFC 9110, section 7.6.1).
/// The host drops them from an app's reply.
const HOST_ONLY: [&str; 8] = [
    "connection",
    "content-length",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "keep-alive",
    "proxy-connection",
];

/// The request id if no policy accepts the client's.
const DEFAULT_REQUEST_ID: &str = "test";

/// The address of the client.
const CLIENT_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The policies of one request, and their state.
#[derive(Debug)]
pub(crate) struct RequestPolicies {
    policies: Policies,
    /// The `Origin` of the request. `None` if the reply already has CORS headers.
    origin: Option<Option<Vec<u8>>>,
    id: String,
    admitted: AdmissionRecord,
}

impl RequestPolicies {
    /// Begins a request. If the test sets a local context key of an authentication policy,
    /// that policy does not check the request.
    pub(crate) fn begin(policies: Option<&Policies>, head: &Head) -> Self {
        let mut policies = policies.cloned().unwrap_or_default();
        if head.has_local("spikard.jwt") {
            policies.jwt = None;
        }
        if head.has_local("spikard.api-key") {
            policies.api_keys = None;
        }
        let taken = policies.request_id.as_ref().and_then(|policy| {
            let value = head.only(&policy.header)?;
            policy.take(value)
        });
        let id = taken.unwrap_or(DEFAULT_REQUEST_ID).to_owned();
        Self {
            policies,
            origin: Some(origin(head)),
            id,
            admitted: AdmissionRecord::default(),
        }
    }

    /// Returns the request's id.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Admits a request, and returns the entries for its local context.
    pub(crate) fn admit(
        &mut self,
        head: &Head,
        route: u32,
    ) -> Result<Vec<(&'static str, String)>, Refusal> {
        self.policies
            .admit(head, CLIENT_ADDRESS, route, &mut self.admitted)?;
        Ok(std::mem::take(&mut self.admitted.local))
    }

    /// Adds the headers of the policies to a reply, and drops headers that only the host
    /// sets.
    pub(crate) fn finish(self, mut headers: Fields) -> Fields {
        headers.retain(|(name, _)| !HOST_ONLY.iter().any(|host| name.eq_ignore_ascii_case(host)));
        if let Some(policy) = &self.policies.security_headers {
            for (name, value) in policy.headers() {
                if !has(&headers, name) {
                    set(&mut headers, name, value.to_owned());
                }
            }
        }
        if let (Some(cors), Some(origin)) = (&self.policies.cors, &self.origin) {
            set_cors(&mut headers, cors.of_response(origin.as_deref()));
        }
        if let Some(rate) = self.admitted.rate {
            for (name, value) in rate.headers() {
                set(&mut headers, name, value.to_string());
            }
        }
        if let Some(policy) = &self.policies.request_id {
            set(&mut headers, &policy.header, self.id);
        }
        headers
    }
}

/// Returns the headers of the reply to a CORS preflight, by the policy of the route of the
/// actual request. `None` if the request is not a preflight or no CORS policy applies.
pub(crate) fn preflight(
    app: &App,
    head: &Head,
) -> Option<(RequestPolicies, Result<policy::Headers, Refusal>)> {
    if head.method != "OPTIONS" {
        return None;
    }
    let method = head.first("access-control-request-method")?;
    let next = std::str::from_utf8(method).unwrap_or_default();
    let (policies, allow) = match app.about(next, &head.path) {
        Some((Some(route), allow)) => (route.policies()?, allow),
        Some((None, allow)) => (app.policies()?, allow),
        None => return None,
    };
    let cors = policies.cors.as_ref()?;
    let mut request_policies = RequestPolicies::begin(Some(policies), head);
    let origin = request_policies.origin.take()??;
    let headers = cors.of_preflight(Preflight {
        origin: &origin,
        method,
        headers: &head
            .joined("access-control-request-headers")
            .unwrap_or_default(),
        allow,
    });
    Some((request_policies, headers))
}

/// Returns the `Origin` of a request. Several fields become an empty value, which no policy
/// allows.
fn origin(head: &Head) -> Option<Vec<u8>> {
    head.first("origin")?;
    Some(head.only("origin").unwrap_or_default().to_vec())
}

fn has(headers: &Fields, name: &str) -> bool {
    headers
        .iter()
        .any(|(have, _)| have.eq_ignore_ascii_case(name))
}

fn set(headers: &mut Fields, name: &str, value: String) {
    headers.retain(|(have, _)| !have.eq_ignore_ascii_case(name));
    headers.push((name.to_owned(), value));
}

/// Replaces a handler's own CORS headers.
fn set_cors(headers: &mut Fields, new: Vec<(&'static str, String)>) {
    headers.retain(|(have, _)| !have.to_ascii_lowercase().starts_with("access-control-"));
    for (name, value) in new {
        if name == "vary" {
            vary(headers, &value);
        } else {
            set(headers, name, value);
        }
    }
}

/// Adds a name to the `Vary` header.
fn vary(headers: &mut Fields, name: &str) {
    let known = headers
        .iter()
        .filter(|(have, _)| have.eq_ignore_ascii_case("vary"));
    let known: Vec<_> = known.map(|(_, value)| value.as_str()).collect();
    let known = known.join(", ");
    let is_known = |item: &str| item == "*" || item.eq_ignore_ascii_case(name);
    if known.split(',').map(str::trim).any(is_known) {
        return;
    }
    let value = match known.as_str() {
        "" => name.to_owned(),
        known => format!("{known}, {name}"),
    };
    set(headers, "vary", value);
}
