//! Tests of conditions and ranges.

use hyper::header::{HeaderValue, IF_MATCH, IF_NONE_MATCH};

use super::*;

fn headers(name: &HeaderName, values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

#[test]
fn ranges_follow_rfc_9110() {
    use Selection::{Bytes, Unsatisfiable, Whole};
    for (range, expected) in [
        ("bytes=0-4", Bytes(0, 4)),
        ("BYTES=0-4", Bytes(0, 4)),
        ("bytes=0-", Bytes(0, 9)),
        ("bytes=3-3", Bytes(3, 3)),
        ("bytes=00-04", Bytes(0, 4)),
        ("bytes=0-4,", Bytes(0, 4)),
        ("bytes=,0-4", Bytes(0, 4)),
        ("bytes= , 0-4 ,,", Bytes(0, 4)),
        ("bytes=0-99999999999999999999", Bytes(0, 9)),
        ("bytes=9-10", Bytes(9, 9)),
        ("bytes=-1", Bytes(9, 9)),
        ("bytes=-10", Bytes(0, 9)),
        ("bytes=-11", Bytes(0, 9)),
        ("bytes=-500", Bytes(0, 9)),
        ("bytes=-0500", Bytes(0, 9)),
        ("bytes=-99999999999999999999", Bytes(0, 9)),
        ("bytes=10-", Unsatisfiable),
        ("bytes=-0", Unsatisfiable),
        ("bytes=99999999999999999999-", Unsatisfiable),
        ("bytes=5-1", Unsatisfiable),
        ("bytes=", Unsatisfiable),
        ("bytes=-", Unsatisfiable),
        ("bytes=a-b", Unsatisfiable),
        ("bytes=+1-2", Unsatisfiable),
        ("bytes=0-1,x", Unsatisfiable),
        ("bytes=0-1, 5-6", Whole),
        ("bytes =0-1", Whole),
        ("lines=0-1", Whole),
        ("bytes", Whole),
    ] {
        assert_eq!(
            selection(&headers(&RANGE, &[range]), 10),
            expected,
            "{range}"
        );
    }
    assert_eq!(
        selection(&headers(&RANGE, &["bytes=0-1", "bytes=0-1"]), 10),
        Whole
    );
    assert_eq!(selection(&HeaderMap::new(), 10), Whole);
}

#[test]
fn an_empty_file_has_no_range() {
    for (range, expected) in [
        ("bytes=0-", Selection::Unsatisfiable),
        ("bytes=0-0", Selection::Unsatisfiable),
        ("bytes=-0", Selection::Unsatisfiable),
        ("bytes=-1", Selection::Whole),
    ] {
        assert_eq!(
            selection(&headers(&RANGE, &[range]), 0),
            expected,
            "{range}"
        );
    }
}

/// Compares every range of small numbers in every small file with a naive implementation.
#[test]
fn every_small_range_selects_its_bytes() {
    for length in 0..6_u64 {
        for first in 0..8_u64 {
            for last in first..8 {
                let text = format!("bytes={first}-{last}");
                let bytes: Vec<u64> = (first..=last).filter(|at| *at < length).collect();
                let expected = match (bytes.first(), bytes.last()) {
                    (Some(first), Some(last)) => Selection::Bytes(*first, *last),
                    _ => Selection::Unsatisfiable,
                };
                assert_eq!(parse_range(&text, length), expected, "{text} of {length}");
            }
        }
    }
}

#[test]
fn lines_of_tags_are_one_list() {
    let tag = b"\"a,b\"";
    for (values, weak, strong) in [
        (&["\"a,b\""][..], true, true),
        (&["\"nope\"", "\"a,b\""], true, true),
        (&["\"nope\", \"a,b\""], true, true),
        (&["\"a,b\",", ""], true, true),
        (&["x, \"a,b\""], true, true),
        (&["W/\"a,b\""], true, false),
        (&["*"], true, true),
        (&[" * , "], true, true),
        (&["\"nope\", *"], false, false),
        (&["*, \"nope\""], false, false),
        (&["w/\"a,b\""], false, false),
        (&["\"a,b"], false, false),
        (&["\"a,b\"x"], false, false),
        (&["a,b"], false, false),
        (&["\"\"", "W/", "\""], false, false),
        (&[""], false, false),
    ] {
        let none = headers(&IF_NONE_MATCH, values);
        assert_eq!(
            weak_match(&none, &IF_NONE_MATCH, tag),
            Some(weak),
            "{values:?}"
        );
        let some = headers(&IF_MATCH, values);
        assert_eq!(
            strong_match(&some, &IF_MATCH, tag),
            Some(strong),
            "{values:?}"
        );
    }
    assert_eq!(weak_match(&HeaderMap::new(), &IF_NONE_MATCH, tag), None);
    let weak = headers(&IF_MATCH, &["W/\"a\""]);
    assert_eq!(strong_match(&weak, &IF_MATCH, b"W/\"a\""), Some(false));
}

#[test]
fn if_range_compares_strongly() {
    let date = "Sat, 28 Nov 2026 00:00:00 GMT";
    let is_same = |values: &[&str]| {
        let headers = headers(&IF_RANGE, values);
        if_range(&headers, Some(b"\"a\""), Some(date.as_bytes()))
    };
    assert!(is_same(&[]) && is_same(&["\"a\""]) && is_same(&[date]));
    for other in ["\"b\"", "W/\"a\"", "a", "*", "\"a\", \"b\"", "yesterday"] {
        assert!(!is_same(&[other]), "{other}");
    }
    assert!(!is_same(&["\"a\"", "\"a\""]));
    let weak = headers(&IF_RANGE, &["W/\"a\""]);
    assert!(!if_range(&weak, Some(b"W/\"a\""), None));
}
