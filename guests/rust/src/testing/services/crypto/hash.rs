//! Hash functions.

use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::{Digest, Sha256, Sha384, Sha512};

#[derive(Clone, Copy, Deserialize)]
pub(super) enum Hash {
    #[serde(rename = "sha-256", alias = "HS256")]
    Sha256,
    #[serde(rename = "sha-384", alias = "HS384")]
    Sha384,
    #[serde(rename = "sha-512", alias = "HS512")]
    Sha512,
}

impl Hash {
    pub(super) fn digest(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(data).to_vec(),
            Self::Sha384 => Sha384::digest(data).to_vec(),
            Self::Sha512 => Sha512::digest(data).to_vec(),
        }
    }

    pub(super) fn hmac(self, key: &[u8], data: &[u8]) -> Vec<u8> {
        fn with<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Vec<u8> {
            let mut mac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any size");
            mac.update(data);
            mac.finalize().into_bytes().to_vec()
        }
        match self {
            Self::Sha256 => with::<Hmac<Sha256>>(key, data),
            Self::Sha384 => with::<Hmac<Sha384>>(key, data),
            Self::Sha512 => with::<Hmac<Sha512>>(key, data),
        }
    }
}
