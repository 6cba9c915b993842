//! Entity-tag conditions and byte ranges (RFC 9110, sections 13 and 14).
//!
//! These functions have no side effects. Several fields of a list header form one list.

use hyper::header::{HeaderMap, HeaderName, IF_RANGE, RANGE};

use super::headers::joined;

/// Part of a file that a request selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selection {
    /// The whole file: no range, or one that the server ignores.
    Whole,
    /// First and last byte, both inclusive.
    Bytes(u64, u64),
    /// The range contains no byte of the file.
    Unsatisfiable,
}

/// Returns true if a list of entity tags, such as `If-None-Match`, contains a tag by weak
/// comparison; `*` matches every tag. Returns `None` if the header is missing.
pub(crate) fn weak_match(headers: &HeaderMap, name: &HeaderName, tag: &[u8]) -> Option<bool> {
    find_tag(headers, name, |listed| opaque(listed) == opaque(tag))
}

/// Same as [`weak_match`], by strong comparison: a weak tag matches nothing.
pub(crate) fn strong_match(headers: &HeaderMap, name: &HeaderName, tag: &[u8]) -> Option<bool> {
    find_tag(headers, name, |listed| is_strong(listed) && listed == tag)
}

/// Returns true if `If-Range` is missing, or is the strong entity tag or the exact date of the
/// current file (RFC 9110, section 13.1.5).
pub(crate) fn if_range(headers: &HeaderMap, tag: Option<&[u8]>, modified: Option<&[u8]>) -> bool {
    let mut values = headers.get_all(IF_RANGE).iter();
    let Some(wanted) = values.next() else {
        return true;
    };
    let wanted = wanted.as_bytes().trim_ascii();
    let is_tag = is_strong(wanted) && tag == Some(wanted);
    values.next().is_none() && (is_tag || modified == Some(wanted))
}

/// Returns the part of a file of `length` bytes that `Range` selects. Another unit, several
/// ranges and several fields select the whole file; an invalid range is unsatisfiable.
pub(crate) fn selection(headers: &HeaderMap, length: u64) -> Selection {
    let mut values = headers.get_all(RANGE).iter();
    match (values.next().map(|value| value.to_str()), values.next()) {
        (Some(Ok(text)), None) => parse_range(text, length),
        _ => Selection::Whole,
    }
}

fn parse_range(text: &str, length: u64) -> Selection {
    let Some((unit, set)) = text.split_once('=') else {
        return Selection::Whole;
    };
    if !unit.eq_ignore_ascii_case("bytes") {
        return Selection::Whole;
    }
    let is_blank = |c: char| c == ' ' || c == '\t';
    let items = set.split(',').map(|item| item.trim_matches(is_blank));
    let mut items = items.filter(|item| !item.is_empty());
    let Some(first) = items.next().and_then(|item| one_range(item, length)) else {
        return Selection::Unsatisfiable;
    };
    let mut is_several = false;
    for item in items {
        if one_range(item, length).is_none() {
            return Selection::Unsatisfiable;
        }
        is_several = true;
    }
    if is_several { Selection::Whole } else { first }
}

/// Parses one range of a file; `None` if it is invalid.
fn one_range(item: &str, length: u64) -> Option<Selection> {
    let (first, last) = item.split_once('-')?;
    if first.is_empty() {
        let suffix = number(last)?;
        return Some(match (suffix, length.checked_sub(1)) {
            (0, _) => Selection::Unsatisfiable,
            // `Content-Range` cannot describe an empty part.
            (_, None) => Selection::Whole,
            (_, Some(end)) => Selection::Bytes(length.saturating_sub(suffix), end),
        });
    }
    let first = number(first)?;
    let last = match last {
        "" => u64::MAX,
        last => number(last)?,
    };
    if last < first {
        return None;
    }
    Some(match length.checked_sub(1) {
        Some(end) if first <= end => Selection::Bytes(first, last.min(end)),
        _ => Selection::Unsatisfiable,
    })
}

/// Parses a number of any length. Numbers beyond 64 bits saturate, past the end of every file.
fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

fn is_strong(tag: &[u8]) -> bool {
    tag.starts_with(b"\"")
}

/// Searches the list of a header for a tag; skips items that are not tags.
fn find_tag(
    headers: &HeaderMap,
    name: &HeaderName,
    mut is_match: impl FnMut(&[u8]) -> bool,
) -> Option<bool> {
    if !headers.contains_key(name) {
        return None;
    }
    let list = joined(headers, name);
    let is_gap = |byte: &u8| matches!(byte, b' ' | b'\t' | b',');
    let mut rest = list.as_slice();
    let mut is_first = true;
    loop {
        let start = rest.iter().position(|byte| !is_gap(byte));
        let Some(start) = start else {
            return Some(false);
        };
        rest = &rest[start..];
        if is_first && rest[0] == b'*' && rest[1..].iter().all(is_gap) {
            return Some(true);
        }
        is_first = false;
        let length = tag_length(rest);
        if length.is_some_and(|length| is_match(&rest[..length])) {
            return Some(true);
        }
        let skipped = length.unwrap_or(0);
        let next = rest[skipped..].iter().position(|byte| *byte == b',');
        rest = match next {
            Some(next) => &rest[skipped + next..],
            None => return Some(false),
        };
    }
}

/// Returns the length of the entity tag at the start of a list. A tag may contain commas.
fn tag_length(list: &[u8]) -> Option<usize> {
    let weak = if list.starts_with(b"W/") { 2 } else { 0 };
    let text = list[weak..].strip_prefix(b"\"")?;
    let end = text.iter().position(|byte| *byte == b'"')?;
    let length = weak + end + 2;
    let after = list[length..].trim_ascii_start();
    (after.is_empty() || after[0] == b',').then_some(length)
}

#[cfg(test)]
#[path = "conditions_tests.rs"]
mod tests;
