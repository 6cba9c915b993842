//! Helpers for list headers and for the headers that policies set.

use hyper::header::{HeaderMap, HeaderName, HeaderValue, VARY};
use spikard_wasm_app::append_value;

/// Joins all fields with a name into one value (RFC 9110, section 5.3).
pub(super) fn joined(headers: &HeaderMap, name: &HeaderName) -> Vec<u8> {
    let mut joined = None;
    for value in headers.get_all(name) {
        append_value(&mut joined, value.as_bytes());
    }
    joined.unwrap_or_default()
}

/// Sets a header. An invalid one is ignored; the checks at load time reject it.
pub(super) fn set(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        headers.insert(name, value);
    }
}

/// Sets the CORS headers. It removes the handler's CORS headers first, because they could
/// override the policy.
pub(super) fn set_cors(headers: &mut HeaderMap, new: &[(&'static str, String)]) {
    let old: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("access-control-"))
        .cloned()
        .collect();
    for name in old {
        headers.remove(name);
    }
    for (name, value) in new {
        match *name {
            "vary" => vary(headers, value),
            name => set(headers, name, value),
        }
    }
}

/// Adds a header name to Vary, unless it is listed already.
pub(super) fn vary(headers: &mut HeaderMap, name: &str) {
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
