//! Header fields as lists, and the fields that policies set.

use hyper::header::{HeaderMap, HeaderName, HeaderValue, VARY};

/// All fields of a name as one (RFC 9110, section 5.3).
pub(super) fn joined(headers: &HeaderMap, name: &HeaderName) -> Vec<u8> {
    let values: Vec<&[u8]> = headers
        .get_all(name)
        .iter()
        .map(|value| value.as_bytes())
        .collect();
    values.join(b", " as &[u8])
}

/// Sets a header; one that HTTP does not allow, which a check at load keeps out, is
/// left out.
pub(super) fn set(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        headers.insert(name, value);
    }
}

/// Sets the headers of CORS. A handler's own would undo the policy, and go.
pub(super) fn set_cors(headers: &mut HeaderMap, new: &[(&'static str, String)]) {
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
