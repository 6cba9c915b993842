//! Detection of tokens with an impossible signature.

use super::request::Outgoing;

/// Returns true if the bearer token of a request has no signature, or one that is too short
/// for any algorithm. Does not verify the signature; that is the task of the host.
pub(crate) fn is_forged(request: &Outgoing) -> bool {
    let value = request.header("authorization").unwrap_or_default();
    let Some(token) = value.strip_prefix("Bearer ") else {
        return false;
    };
    let parts: Vec<_> = token.split('.').collect();
    let [_, _, signature] = parts[..] else {
        return true;
    };
    // The shortest signature of JSON Web Algorithms (RFC 7518) has 32 bytes.
    signature.len() * 6 / 8 < 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_has_a_length() {
        let forged = |value: &str| {
            let headers = vec![("Authorization".to_owned(), value.to_owned())];
            is_forged(&Outgoing {
                headers,
                ..Outgoing::default()
            })
        };
        assert!(forged("Bearer a.b.test"));
        assert!(forged("Bearer a.b"));
        assert!(!forged(&format!("Bearer a.b.{}", "x".repeat(43))));
        assert!(!forged("Basic abc"));
        assert!(!forged(""));
    }
}
