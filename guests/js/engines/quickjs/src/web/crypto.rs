//! The algorithms of `crypto`: digests, HMAC, PBKDF2, HKDF and AES-GCM.

use aes::cipher::{Block, BlockCipherEncrypt, BlockSizeUser, KeyInit, consts::U16};
use aes::{Aes128, Aes192, Aes256};
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::{bytes, write};
use crate::host::wasi::random::random::get_random_bytes;
use crate::native::{Arguments, Entry, native, type_error};
use crate::value::{Result, Value};

/// The most bytes that PBKDF2 derives.
const LONGEST: f64 = 1_048_576.0;

/// Evaluates an expression for the hash function with a number: SHA-1, SHA-256, SHA-384 or SHA-512.
macro_rules! with_hash {
    ($number:expr, $hash:ident => $body:expr) => {
        match $number {
            0 => {
                type $hash = Sha1;
                $body
            }
            1 => {
                type $hash = Sha256;
                $body
            }
            2 => {
                type $hash = Sha384;
                $body
            }
            3 => {
                type $hash = Sha512;
                $body
            }
            _ => type_error("give the number of a hash function from 0 to 3"),
        }
    };
}

/// Returns a number of bytes that PBKDF2 or HKDF derives.
fn length(arguments: &Arguments<'_>, index: usize) -> Result<usize> {
    let length = arguments.get(index).to_number()?;
    if !(0.0..=LONGEST).contains(&length) {
        return type_error("give a number of bytes from 0 to 1048576");
    }
    Ok(length as usize)
}

native! {
    // (hash, bytes)
    digest(arguments) {
        let value = arguments.get(1);
        let bytes = bytes(&value)?;
        with_hash!(arguments.get(0).to_int()?, Hash => Ok(Value::bytes(&Hash::digest(bytes))))
    }

    // (hash, key, bytes)
    hmac(arguments) {
        let hash = arguments.get(0).to_int()?;
        let [key, value] = [arguments.get(1), arguments.get(2)];
        let [key, bytes] = [bytes(&key)?, bytes(&value)?];
        with_hash!(hash, Hash => {
            let Ok(mut mac) = <Hmac<Hash> as hmac::KeyInit>::new_from_slice(key) else {
                return type_error("the key is invalid");
            };
            mac.update(bytes);
            Ok(Value::bytes(&mac.finalize().into_bytes()))
        })
    }

    // (hash, password, salt, iterations, length)
    pbkdf2(arguments) {
        let hash = arguments.get(0).to_int()?;
        let rounds = arguments.get(3).to_number()?;
        let mut result = vec![0; length(&arguments, 4)?];
        let [password, salt] = [arguments.get(1), arguments.get(2)];
        let [password, salt] = [bytes(&password)?, bytes(&salt)?];
        if !(1.0..=f64::from(u32::MAX)).contains(&rounds) {
            return type_error("give a number of iterations from 1 to 4294967295");
        }
        with_hash!(hash, Hash => {
            pbkdf2::pbkdf2_hmac::<Hash>(password, salt, rounds as u32, &mut result);
            Ok(Value::bytes(&result))
        })
    }

    // (hash, key, salt, info, length). Returns `null` if the length is too large.
    hkdf(arguments) {
        let hash = arguments.get(0).to_int()?;
        let length = length(&arguments, 4)?;
        let [key, salt, info] = [arguments.get(1), arguments.get(2), arguments.get(3)];
        let [key, salt, info] = [bytes(&key)?, bytes(&salt)?, bytes(&info)?];
        with_hash!(hash, Hash => {
            let mut result = vec![0; length];
            match Hkdf::<Hash>::new(Some(salt), key).expand(info, &mut result) {
                Ok(()) => Ok(Value::bytes(&result)),
                Err(_) => Ok(Value::NULL),
            }
        })
    }

    // (encrypt, key, iv, bytes, additional data, tag length). Returns `null` if the tag does not match.
    aes_gcm(arguments) {
        let encrypt = arguments.get(0).to_bool();
        let [key, iv, value, more] = [1, 2, 3, 4].map(|at| arguments.get(at));
        let [key, iv, data, more] = [bytes(&key)?, bytes(&iv)?, bytes(&value)?, bytes(&more)?];
        let tag = match arguments.get(5).to_int()? {
            size @ 4..=16 => size as usize,
            _ => return type_error("give a tag length from 4 to 16"),
        };
        let result = match key.len() {
            16 => Aes128::new_from_slice(key).ok().map(|cipher| gcm(&cipher, encrypt, iv, data, more, tag)),
            24 => Aes192::new_from_slice(key).ok().map(|cipher| gcm(&cipher, encrypt, iv, data, more, tag)),
            32 => Aes256::new_from_slice(key).ok().map(|cipher| gcm(&cipher, encrypt, iv, data, more, tag)),
            _ => None,
        };
        match result {
            None => type_error("give a key of 16, 24 or 32 bytes"),
            Some(result) => Ok(result.map_or(Value::NULL, |bytes| Value::bytes(&bytes))),
        }
    }

    // Fills a `Uint8Array` with random bytes.
    fill_random(arguments) {
        let value = arguments.get(0);
        let space = bytes(&value)?;
        if space.len() > 65536 {
            return type_error("give at most 65536 bytes");
        }
        write(space, &get_random_bytes(space.len() as u64));
        Ok(Value::UNDEFINED)
    }

    random_uuid(_) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut bytes = [0; 16];
        for (byte, random) in bytes.iter_mut().zip(get_random_bytes(16)) {
            *byte = random;
        }
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let mut text = Vec::with_capacity(36);
        for (at, byte) in bytes.into_iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                text.push(b'-');
            }
            text.extend([byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)]));
        }
        Ok(Value::text(text))
    }
}

/// The GCM mode of NIST SP 800-38D. The data of a decryption ends with the tag. Returns `None` if the tag does not
/// match.
fn gcm<C>(
    cipher: &C,
    encrypt: bool,
    iv: &[u8],
    data: &[u8],
    more: &[u8],
    tag: usize,
) -> Option<Vec<u8>>
where
    C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>,
{
    let split = if encrypt {
        data.len()
    } else {
        data.len().checked_sub(tag)?
    };
    let (data, given) = data.split_at(split);
    let mut key = Block::<C>::default();
    cipher.encrypt_block(&mut key);
    let bits = |bytes: &[u8]| (bytes.len() as u64).wrapping_mul(8);
    let hash = |first: &[u8], second: &[u8], lengths: u128| {
        let mut hash = GHash::new(&key);
        hash.update_padded(first);
        hash.update_padded(second);
        hash.update(&[lengths.to_be_bytes().into()]);
        u128::from_be_bytes(hash.finalize().into())
    };
    let start = match <[u8; 12]>::try_from(iv) {
        Ok(iv) => {
            iv.iter()
                .fold(0, |start, &byte| start << 8 | u128::from(byte))
                << 32
                | 1
        }
        Err(_) => hash(iv, &[], u128::from(bits(iv))),
    };

    let mut result = data.to_vec();
    let mut counter = start as u32;
    // The software implementation encrypts several blocks at a time.
    for part in result.chunks_mut(16 * 16) {
        let mut stream: [Block<C>; 16] = core::array::from_fn(|_| {
            counter = counter.wrapping_add(1);
            (start & !0xffff_ffff | u128::from(counter))
                .to_be_bytes()
                .into()
        });
        cipher.encrypt_blocks(&mut stream);
        for (byte, mask) in part.iter_mut().zip(stream.iter().flatten()) {
            *byte ^= mask;
        }
    }

    let text: &[u8] = if encrypt { &result } else { data };
    let sum = hash(
        more,
        text,
        u128::from(bits(more)) << 64 | u128::from(bits(text)),
    );
    let mut mask: Block<C> = start.to_be_bytes().into();
    cipher.encrypt_block(&mut mask);
    let own = (sum ^ u128::from_be_bytes(mask.into())).to_be_bytes();
    if encrypt {
        result.extend_from_slice(&own[..tag]);
        return Some(result);
    }
    // Looks at every byte, so that the time does not tell how many are right.
    let difference = own[..tag]
        .iter()
        .zip(given)
        .fold(0, |difference, (own, given)| difference | (own ^ given));
    (difference == 0).then_some(result)
}

pub(super) const NATIVES: &[Entry] = &[
    (c"digest", 2, digest),
    (c"hmac", 3, hmac),
    (c"pbkdf2", 5, pbkdf2),
    (c"hkdf", 5, hkdf),
    (c"aesGcm", 6, aes_gcm),
    (c"fillRandom", 1, fill_random),
    (c"randomUUID", 0, random_uuid),
];
