//! `TextEncoder` and `TextDecoder`.

use super::{bytes, write};
use crate::native::{Entry, native};
use crate::value::Value;

/// The characters of the bytes 0x80 to 0x9f in windows-1252.
const WINDOWS_1252: [u16; 32] = [
    0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039,
    0x0152, 0x8d, 0x017d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d, 0x017e, 0x0178,
];

fn windows_1252(bytes: &[u8]) -> String {
    let character = |&byte: &u8| {
        let code = match byte {
            0x80..=0x9f => u32::from(WINDOWS_1252[usize::from(byte - 0x80)]),
            _ => u32::from(byte),
        };
        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
    };
    bytes.iter().map(character).collect()
}

/// Decodes UTF-16. Returns `None` if the bytes are malformed and `fatal` is set.
fn utf_16(bytes: &[u8], big_endian: bool, fatal: bool) -> Option<String> {
    let pairs = bytes.chunks_exact(2);
    let odd = !pairs.remainder().is_empty();
    let units = pairs.map(|pair| {
        let pair = [pair[0], pair[1]];
        if big_endian {
            u16::from_be_bytes(pair)
        } else {
            u16::from_le_bytes(pair)
        }
    });
    let mut text = String::with_capacity(bytes.len() / 2);
    for character in char::decode_utf16(units) {
        match character {
            Ok(character) => text.push(character),
            Err(_) if fatal => return None,
            Err(_) => text.push(char::REPLACEMENT_CHARACTER),
        }
    }
    if odd {
        if fatal {
            return None;
        }
        // A lone surrogate before the odd byte is a part of the same error.
        let lone = bytes.len() >= 3 && {
            let at = bytes.len() - if big_endian { 3 } else { 2 };
            (0xd8..0xdc).contains(&bytes[at])
        };
        if !lone {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    Some(text)
}

/// Returns the number of bytes at the end that start a character in UTF-8 but do not complete it.
fn incomplete(bytes: &[u8]) -> usize {
    for size in 1..=bytes.len().min(3) {
        let tail = &bytes[bytes.len() - size..];
        if (0x80..0xc0).contains(&tail[0]) {
            continue;
        }
        return match core::str::from_utf8(tail) {
            Err(error) if error.valid_up_to() == 0 && error.error_len().is_none() => size,
            _ => 0,
        };
    }
    0
}

fn strip<'a>(bytes: &'a [u8], mark: &[u8], keep: bool) -> &'a [u8] {
    if keep {
        bytes
    } else {
        bytes.strip_prefix(mark).unwrap_or(bytes)
    }
}

native! {
    encode(arguments) { Ok(Value::bytes(arguments.get(0).to_text()?.bytes())) }

    // Encodes as much of a text as fits into a `Uint8Array`. Returns the number of UTF-16 code units that it read, and
    // the number of bytes that it wrote.
    encode_into(arguments) {
        let text = arguments.get(0).to_text()?;
        let target = arguments.get(1);
        let space = bytes(&target)?;
        let text = text.bytes();
        let mut written = text.len().min(space.len());
        // A character is written in whole, or not at all.
        while written > 0 && text.get(written).is_some_and(|byte| (0x80..0xc0).contains(byte)) {
            written -= 1;
        }
        let read = text[..written].iter().map(|&byte| match byte {
            0x80..0xc0 => 0,
            0xf0.. => 2,
            _ => 1,
        });
        let read: usize = read.sum();
        write(space, &text[..written]);
        Ok(Value::array([read, written].map(|count| Value::number(count as f64))))
    }

    // Decodes text: (encoding, bytes, fatal, ignoreBOM). Returns `null` if the bytes are malformed and `fatal` is true.
    decode(arguments) {
        let value = arguments.get(1);
        let bytes = bytes(&value)?;
        let [fatal, keep] = [2, 3].map(|at| arguments.get(at).to_bool());
        let text = match arguments.get(0).to_int()? {
            0 => {
                let bytes = strip(bytes, b"\xef\xbb\xbf", keep);
                return match core::str::from_utf8(bytes) {
                    Ok(text) => Ok(Value::text(text)),
                    Err(_) if fatal => Ok(Value::NULL),
                    Err(_) => Ok(Value::text(String::from_utf8_lossy(bytes).as_bytes())),
                };
            }
            1 => utf_16(strip(bytes, b"\xff\xfe", keep), false, fatal),
            2 => utf_16(strip(bytes, b"\xfe\xff", keep), true, fatal),
            _ => Some(windows_1252(bytes)),
        };
        Ok(text.map_or(Value::NULL, Value::text))
    }

    // Returns the number of bytes at the end that start a character in UTF-8 but do not complete it.
    incomplete_bytes(arguments) {
        let value = arguments.get(0);
        Ok(Value::int(incomplete(bytes(&value)?) as i32))
    }

    // Returns a text with one character for each byte.
    latin1(arguments) {
        let value = arguments.get(0);
        let text: String = bytes(&value)?.iter().map(|&byte| char::from(byte)).collect();
        Ok(Value::text(text))
    }

    // Searches for bytes in others: (bytes, part, start). Returns their position, or -1.
    find(arguments) {
        let [value, part] = [arguments.get(0), arguments.get(1)];
        let [bytes, part] = [bytes(&value)?, bytes(&part)?];
        let start = arguments.get(2).to_int()?;
        let Some(rest) = bytes.get(start.max(0) as usize..) else { return Ok(Value::int(-1)) };
        let at = memchr::memmem::find(rest, part).map_or(-1, |at| at as i32 + start.max(0));
        Ok(Value::int(at))
    }
}

pub(super) const NATIVES: &[Entry] = &[
    (c"encode", 1, encode),
    (c"encodeInto", 2, encode_into),
    (c"decode", 4, decode),
    (c"incompleteBytes", 1, incomplete_bytes),
    (c"latin1", 1, latin1),
    (c"find", 3, find),
];
