//! Negotiation of `Accept-Encoding`, shared by compressed replies, precompressed files and the
//! files of the OpenAPI viewer.

use hyper::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use spikard_wasm_app::policy::{Algorithm, Coding, Compression};

use super::headers::joined;

/// Chooses a coding for a client; among codings of equal weight, the first in `algorithms`.
pub(crate) fn choose(headers: &HeaderMap, algorithms: &[Algorithm]) -> Option<Algorithm> {
    let policy = Compression {
        algorithms: algorithms.to_vec(),
        ..Compression::default()
    };
    match policy.choose(&joined(headers, &ACCEPT_ENCODING)) {
        Coding::Encoded { algorithm, .. } => Some(algorithm),
        Coding::Identity => None,
    }
}

/// Rewrites the client's accepted codings to a list that every parser reads in the same way:
/// with decreasing weights, and without codings that rank below the uncompressed file.
pub(super) fn plain_list(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut left = vec![Algorithm::Zstd, Algorithm::Br, Algorithm::Gzip];
    let mut list = Vec::new();
    while let Some(next) = choose(headers, &left) {
        list.push(format!("{};q=0.{}", next.as_str(), 9 - list.len()));
        left.retain(|algorithm| *algorithm != next);
    }
    if list.is_empty() {
        return None;
    }
    HeaderValue::try_from(list.join(", ")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_keeps_order_and_refusals() {
        for (values, expected) in [
            (&["gzip"][..], "gzip;q=0.9"),
            (&["gzip;Q=0"], ""),
            (&["GZIP;Q=0.5, br"], "br;q=0.9, gzip;q=0.8"),
            (&["gzip;q=0.1", "br;q=0.2"], "br;q=0.9, gzip;q=0.8"),
            (&["*"], "zstd;q=0.9, br;q=0.8, gzip;q=0.7"),
            (&["*, br;q=0"], "zstd;q=0.9, gzip;q=0.8"),
            (&["x-gzip"], "gzip;q=0.9"),
            (&["identity, gzip;q=0.5"], ""),
            (&["gzip;q=x"], ""),
            (&[], ""),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(ACCEPT_ENCODING, HeaderValue::from_static(value));
            }
            let list = plain_list(&headers);
            let list = list.as_ref().map_or("", |list| list.to_str().unwrap());
            assert_eq!(list, expected, "{values:?}");
        }
    }
}
