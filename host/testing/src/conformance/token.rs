//! Tokens that nobody could have signed.

use super::request::Outgoing;

/// Whether a request's bearer token has a signature whose length no signature of its
/// kind has. To check a signature is the host's work; that this one is none is plain.
pub(crate) fn is_forged(request: &Outgoing) -> bool {
    let value = request.header("authorization").unwrap_or_default();
    let Some(token) = value.strip_prefix("Bearer ") else {
        return false;
    };
    let parts: Vec<_> = token.split('.').collect();
    let [_, _, signature] = parts[..] else {
        return true;
    };
    // The shortest signature that JSON Web Algorithms (RFC 7518) know has 32 bytes.
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
