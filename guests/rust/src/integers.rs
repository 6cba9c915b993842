//! Reads JSON integers in other forms: `2.0`, `1e3`, `-0`.
//!
//! JSON Schema accepts a number with a zero fraction as an integer, so the host does too.
//! serde_json reads such a number as a float, which no integer type of Rust accepts. If a text
//! cannot be read, this module rewrites these numbers as plain integers without losing digits,
//! and reads the text again.

use std::ops::Range;

/// Number of digits of `u128::MAX`, the largest integer of Rust.
const MAX_DIGITS: usize = 39;

/// Reads a JSON text, with normalized integers if it cannot be read unchanged. An error refers to
/// the original text.
pub(crate) fn read<T, E>(text: &str, read: impl Fn(&str) -> Result<T, E>) -> Result<T, E> {
    read(text).or_else(|error| match normalize(text) {
        Some(normal) => read(&normal).map_err(|_| error),
        None => Err(error),
    })
}

/// Returns the JSON text with plain integers, or `None` if it has only such integers.
fn normalize(text: &str) -> Option<String> {
    let mut normal = String::new();
    let mut done = 0;
    for number in numbers(text) {
        if let Some(integer) = integer(&text[number.clone()]) {
            normal.push_str(&text[done..number.start]);
            normal.push_str(&integer);
            done = number.end;
        }
    }
    if done == 0 {
        return None;
    }
    normal.push_str(&text[done..]);
    Some(normal)
}

/// Returns the positions of the numbers in a JSON text.
fn numbers(text: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let is_number = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(byte) = bytes.get(at) {
            let start = at;
            at += 1;
            match byte {
                b'"' => at = end_of_string(bytes, at),
                b'-' | b'0'..=b'9' => {
                    at += bytes[at..]
                        .iter()
                        .take_while(|byte| is_number(byte))
                        .count();
                    return Some(start..at);
                }
                _ => {}
            }
        }
        None
    })
}

/// Returns the end of the string whose first byte after the quote is at `at`.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'"' => return at + 1,
            b'\\' => 2,
            _ => 1,
        };
    }
    bytes.len()
}

/// Returns a number as a plain integer, or `None` if it already is one or is not an integer.
fn integer(number: &str) -> Option<String> {
    let (sign, digits) = match number.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", number),
    };
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (digits, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_leading_zero = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || has_leading_zero || mantissa.ends_with('.') {
        return None;
    }
    let all = [whole, fraction].concat();
    if !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let significant = all.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return (number != "0").then(|| "0".to_owned());
    }
    if digits.len() == whole.len() {
        return None;
    }
    // The number of zeros after the significant digits.
    let cut = all.trim_start_matches('0').len() - significant.len();
    let count = |length: usize| i64::try_from(length).ok();
    let zeros = count(cut)?
        .checked_sub(count(fraction.len())?)?
        .checked_add(exponent)?;
    let zeros = usize::try_from(zeros).ok()?;
    if significant.len().checked_add(zeros)? > MAX_DIGITS {
        return None;
    }
    Some(format!("{sign}{significant}{}", "0".repeat(zeros)))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[test]
    fn integers_are_written_plainly_digit_for_digit() {
        for (number, plain) in [
            ("2.0", "2"),
            ("-2.00", "-2"),
            ("1e3", "1000"),
            ("1E+3", "1000"),
            ("12.5e1", "125"),
            ("1200e-2", "12"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("0e999999999999", "0"),
            ("9007199254740993.0", "9007199254740993"),
            ("0.5e1", "5"),
        ] {
            assert_eq!(integer(number).as_deref(), Some(plain), "{number}");
        }
        for number in [
            "0",
            "2",
            "-17",
            "100",
            "2.5",
            "1e-1",
            "1e39",
            "1e999999999",
            "1e99999999999999999999",
            "1e-9223372036854775808",
            "-",
            "00",
            "01.0",
            "1.",
            "1.2.3",
            "1e",
            "1-2",
        ] {
            assert_eq!(integer(number), None, "{number}");
        }
    }

    #[test]
    fn strings_stay_as_they_are() {
        let text = r#"{"a\"1.0":"2.0\\","b":[1.0,-0,1.5],"c":"\\\"3.0"}"#;
        let normal = r#"{"a\"1.0":"2.0\\","b":[1,0,1.5],"c":"\\\"3.0"}"#;
        assert_eq!(normalize(text).as_deref(), Some(normal));
        assert_eq!(normalize(r#"{"a":1,"b":"1.0","c":2.5}"#), None);
        for broken in ["\"", "\"\\", "-", "{\"a\":1.0"] {
            let _ = normalize(broken);
        }
    }

    #[test]
    fn an_error_is_about_the_text_as_it_was_sent() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Order {
            count: u8,
            price: f64,
        }
        let order = |text: &str| read(text, |text| serde_json::from_str::<Order>(text));
        let expected = Order {
            count: 2,
            price: 1.0,
        };
        assert_eq!(
            order(r#"{"count":2.0,"price":1.0}"#).expect("an order"),
            expected
        );
        let error = order(r#"{"count":300.0,"price":1.0}"#).expect_err("too large");
        assert!(error.to_string().contains("`300.0`"), "{error}");
    }
}
