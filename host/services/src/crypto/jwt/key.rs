//! Keys of JSON Web Tokens.
//!
//! A guest may choose a key, so this module reads PEM without the parser of `jsonwebtoken`, which
//! recurses. RSA keys sign with `ring`, because the crate `rsa` can leak a private key through
//! its timing (RUSTSEC-2023-0071).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey, crypto};
use ring::rand::SystemRandom;
use ring::signature::{
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use spki::SubjectPublicKeyInfoRef;
use zeroize::Zeroizing;

/// Maximum size of a PEM document, in bytes; an RSA key of 4,096 bits has about 3,300.
const MAX_PEM: usize = 8 << 10;

/// Minimum size of an RSA key, in bits (RFC 7518, section 3.3).
const MIN_RSA_BITS: usize = 2048;

/// A key that signs tokens.
pub(super) enum SigningKey {
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding),
    /// HMAC, or an elliptic curve.
    Other(EncodingKey, Algorithm),
}

impl SigningKey {
    /// Parses a shared secret or a private key. The error is a clause about the operation.
    pub(super) fn parse(algorithm: Algorithm, key: &[u8]) -> Result<Self, String> {
        if algorithm.family() == AlgorithmFamily::Hmac {
            let key = EncodingKey::from_secret(shared(algorithm, key)?);
            return Ok(Self::Other(key, algorithm));
        }
        let (label, der) = document(key)?;
        let key = match (algorithm.family(), label.as_str()) {
            (_, "PUBLIC KEY" | "RSA PUBLIC KEY") => {
                return Err("needs the private key of the pair, not the public one".to_owned());
            }
            (AlgorithmFamily::Rsa, "PRIVATE KEY") => RsaKeyPair::from_pkcs8(&der),
            (AlgorithmFamily::Rsa, "RSA PRIVATE KEY") => RsaKeyPair::from_der(&der),
            (AlgorithmFamily::Ec, "PRIVATE KEY") => {
                return Ok(Self::Other(EncodingKey::from_ec_der(&der), algorithm));
            }
            (AlgorithmFamily::Ed, "PRIVATE KEY") => {
                return Ok(Self::Other(EncodingKey::from_ed_der(&der), algorithm));
            }
            _ => {
                return Err(format!(
                    "needs a key for `{algorithm:?}` that begins with `-----BEGIN PRIVATE KEY-----` (PKCS#8); `openssl pkcs8 -topk8 -nocrypt` converts others"
                ));
            }
        };
        let key = key.map_err(|error| {
            format!("has a key that is not a valid RSA key of 2048 to 4096 bits: {error}")
        })?;
        Ok(Self::Rsa(Box::new(key), padding(algorithm)))
    }

    /// Signs a message. Returns the signature in Base64url, or a clause about the operation.
    pub(super) fn sign(&self, message: &[u8]) -> Result<String, String> {
        match self {
            Self::Rsa(key, padding) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(*padding, &SystemRandom::new(), message, &mut signature)
                    .map_err(|_| "cannot sign with this key".to_owned())?;
                Ok(URL_SAFE_NO_PAD.encode(signature))
            }
            Self::Other(key, algorithm) => crypto::sign(message, key, *algorithm)
                .map_err(|_| format!("has a key that is not a valid key for `{algorithm:?}`")),
        }
    }
}

fn padding(algorithm: Algorithm) -> &'static dyn RsaEncoding {
    match algorithm {
        Algorithm::RS384 => &RSA_PKCS1_SHA384,
        Algorithm::RS512 => &RSA_PKCS1_SHA512,
        Algorithm::PS256 => &RSA_PSS_SHA256,
        Algorithm::PS384 => &RSA_PSS_SHA384,
        Algorithm::PS512 => &RSA_PSS_SHA512,
        _ => &RSA_PKCS1_SHA256,
    }
}

/// Parses a shared secret or a public key. The error is a clause about the operation.
pub(super) fn verifying(algorithm: Algorithm, key: &[u8]) -> Result<DecodingKey, String> {
    if algorithm.family() == AlgorithmFamily::Hmac {
        return Ok(DecodingKey::from_secret(shared(algorithm, key)?));
    }
    let (label, der) = document(key)?;
    let wrong = || format!("has a key that is not a valid public key for `{algorithm:?}`");
    let point = match (algorithm.family(), label.as_str()) {
        (_, "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY") => {
            return Err("needs the public key of the pair, not the private one".to_owned());
        }
        (AlgorithmFamily::Rsa, "RSA PUBLIC KEY") => &der,
        (_, "PUBLIC KEY") => {
            let info = SubjectPublicKeyInfoRef::try_from(&**der).map_err(|_| wrong())?;
            info.subject_public_key.as_bytes().ok_or_else(wrong)?
        }
        _ => {
            return Err(format!(
                "needs a key for `{algorithm:?}` that begins with `-----BEGIN PUBLIC KEY-----`"
            ));
        }
    };
    let key = match algorithm {
        // An uncompressed point on the curve of the algorithm.
        Algorithm::ES256 if point.len() == 65 && point[0] == 4 => DecodingKey::from_ec_der(point),
        Algorithm::ES384 if point.len() == 97 && point[0] == 4 => DecodingKey::from_ec_der(point),
        Algorithm::EdDSA if point.len() == 32 => DecodingKey::from_ed_der(point),
        Algorithm::ES256 | Algorithm::ES384 | Algorithm::EdDSA => return Err(wrong()),
        _ => {
            check_rsa(point).map_err(|bits| match bits {
                Some(bits) => {
                    format!("has an RSA key of {bits} bits; the minimum is {MIN_RSA_BITS}")
                }
                None => wrong(),
            })?;
            DecodingKey::from_rsa_der(point)
        }
    };
    Ok(key)
}

/// Checks a public RSA key. The error is the number of bits if they are too few.
fn check_rsa(der: &[u8]) -> Result<(), Option<usize>> {
    let components = DEFAULT_PROVIDER
        .key_utils
        .rsa_pub_components_from_public_key;
    let (modulus, _) = components(der).map_err(|_| None)?;
    match modulus.len() * 8 {
        bits if bits < MIN_RSA_BITS => Err(Some(bits)),
        _ => Ok(()),
    }
}

/// Checks a shared secret.
fn shared(algorithm: Algorithm, key: &[u8]) -> Result<&[u8], String> {
    if key.is_empty() {
        return Err("has an empty key; use random bytes".to_owned());
    }
    // A public key as the secret of HMAC would let anyone sign tokens.
    if key.trim_ascii_start().starts_with(b"-----BEGIN") {
        return Err(format!(
            "has a PEM document as its key, but `{algorithm:?}` needs a shared secret; use random bytes"
        ));
    }
    Ok(key)
}

/// Reads a PEM document.
fn document(text: &[u8]) -> Result<(String, Zeroizing<Vec<u8>>), String> {
    if text.len() > MAX_PEM {
        return Err(format!("has a key of more than {MAX_PEM} bytes"));
    }
    let document = pem::parse(text).map_err(|_| {
        "has a key that is not a PEM document; it begins with `-----BEGIN`".to_owned()
    })?;
    let label = document.tag().to_owned();
    Ok((label, Zeroizing::new(document.into_contents())))
}
