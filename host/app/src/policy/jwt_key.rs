//! Parses keys of JSON Web Tokens, and rejects keys of the wrong type for their algorithms.

use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};

/// The minimum size of an RSA key, in bits (RFC 7518, section 3.3).
const MIN_RSA_BITS: usize = 2048;

/// Parses the key for a non-empty list of algorithms of one family.
pub(super) fn read(bytes: &[u8], algorithms: &[Algorithm]) -> Result<DecodingKey, String> {
    let first = algorithms[0];
    let is_pem = bytes.trim_ascii_start().starts_with(b"-----BEGIN");
    if first.family() == AlgorithmFamily::Hmac {
        // A public key as the HMAC secret would let anyone sign tokens.
        if is_pem {
            return Err(format!(
                "has a `secret` that is a PEM document, but `{first:?}` needs a shared secret; use random bytes"
            ));
        }
        return Ok(DecodingKey::from_secret(bytes));
    }
    if !is_pem {
        return Err(
            "has a `public_key` that is not PEM; write `-----BEGIN PUBLIC KEY-----` first"
                .to_owned(),
        );
    }
    if contains(bytes, b"PRIVATE KEY-----") {
        return Err(
            "has a private key as its `public_key`; use the public key of the pair".to_owned(),
        );
    }
    let read = match first.family() {
        AlgorithmFamily::Rsa => DecodingKey::from_rsa_pem,
        AlgorithmFamily::Ec => DecodingKey::from_ec_pem,
        _ => DecodingKey::from_ed_pem,
    };
    let wrong = || format!("has a `public_key` that is not a valid key for `{first:?}`");
    let key = read(bytes).map_err(|_| wrong())?;
    let point = key.try_get_as_bytes().map_err(|_| wrong())?;
    for algorithm in algorithms {
        let fits = match algorithm {
            // An uncompressed point on the algorithm's curve.
            Algorithm::ES256 => point.len() == 65 && point.first() == Some(&4),
            Algorithm::ES384 => point.len() == 97 && point.first() == Some(&4),
            Algorithm::EdDSA => point.len() == 32,
            _ => is_rsa(point)?,
        };
        if !fits {
            return Err(format!(
                "has a `public_key` that is not on the curve of `{algorithm:?}`"
            ));
        }
    }
    Ok(key)
}

fn is_rsa(der: &[u8]) -> Result<bool, String> {
    let read = DEFAULT_PROVIDER
        .key_utils
        .rsa_pub_components_from_public_key;
    let (modulus, _) =
        read(der).map_err(|_| "has a `public_key` that is not an RSA key".to_owned())?;
    let bits = modulus.len() * 8;
    if bits < MIN_RSA_BITS {
        return Err(format!(
            "has a `public_key` of {bits} bits, which is too short; RSA needs at least {MIN_RSA_BITS}"
        ));
    }
    Ok(true)
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}
