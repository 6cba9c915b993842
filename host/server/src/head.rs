//! Validates request heads (RFC 9112, RFC 9113) before an app sees them, and normalizes them:
//! every app sees one `host` and at most one `cookie` header.

use hyper::header::{COOKIE, HOST, HeaderMap, HeaderValue, TRANSFER_ENCODING};
use hyper::{Request, Version};
use spikard_wasm_app::Refusal;

/// Maximum total size of a request's header fields in bytes: names, values and separators
/// (4 bytes per field in HTTP/1.1; 32 in HTTP/2, as RFC 9113 counts).
pub(crate) const MAX_FIELDS: usize = 64 << 10;

/// Validates a request and normalizes its head.
///
/// # Errors
/// 431 for too many header bytes; 400 for a missing, repeated or malformed Host, and for
/// a transfer coding other than `chunked`. The connection must close after either.
pub(crate) fn check<B>(request: &mut Request<B>) -> Result<(), Refusal> {
    let is_http1 = request.version() < Version::HTTP_2;
    let fields = Fields::of(request.headers(), if is_http1 { 4 } else { 32 });
    if fields.size > MAX_FIELDS {
        return Err(Refusal::HeadersTooLarge {
            limit: MAX_FIELDS as u64,
        });
    }
    if is_http1 && fields.transfer_encodings > 0 {
        check_transfer_encoding(request.headers())?;
    }
    let has_several_cookies = fields.cookies > 1;
    if let Some(authority) = check_host(request, &fields)? {
        request.headers_mut().insert(HOST, authority);
    }
    if has_several_cookies {
        join_cookies(request.headers_mut());
    }
    Ok(())
}

/// The fields that are checked, found in one pass: every request pays for this.
struct Fields<'a> {
    /// The size of all fields in bytes.
    size: usize,
    host: Option<&'a HeaderValue>,
    hosts: usize,
    transfer_encodings: usize,
    cookies: usize,
}

impl<'a> Fields<'a> {
    /// `separators` is added to the size of each field.
    fn of(headers: &'a HeaderMap, separators: usize) -> Self {
        let mut fields = Self {
            size: 0,
            host: None,
            hosts: 0,
            transfer_encodings: 0,
            cookies: 0,
        };
        for (name, value) in headers {
            fields.size += name.as_str().len() + value.len() + separators;
            if name == HOST {
                fields.host = Some(value);
                fields.hosts += 1;
            } else if name == COOKIE {
                fields.cookies += 1;
            } else if name == TRANSFER_ENCODING {
                fields.transfer_encodings += 1;
            }
        }
        fields
    }
}

/// Rejects transfer codings other than `chunked` (RFC 9112, section 6.1), because the handler
/// would get the encoded bytes as the body.
fn check_transfer_encoding(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut values = headers.get_all(TRANSFER_ENCODING).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(()),
        (Some(value), None)
            if value
                .as_bytes()
                .trim_ascii()
                .eq_ignore_ascii_case(b"chunked") =>
        {
            Ok(())
        }
        (Some(value), _) => Err(bad(format!(
            "the transfer coding `{}` is not supported; send `chunked` alone",
            value.as_bytes().escape_ascii()
        ))),
    }
}

/// Requires exactly one valid Host header, and returns the authority of the request target if
/// that must replace it (RFC 9112, sections 3.2 and 3.2.2; RFC 9113, section 8.3.1).
fn check_host<B>(
    request: &Request<B>,
    fields: &Fields<'_>,
) -> Result<Option<HeaderValue>, Refusal> {
    let version = request.version();
    let host = fields.host;
    if fields.hosts > 1 {
        return Err(bad(
            "the request has more than one Host header; send one".to_owned()
        ));
    }
    if let Some(host) = host
        && !is_host(host.as_bytes())
    {
        return Err(bad(format!(
            "the Host header `{}` is invalid; send a host name with an optional port",
            host.as_bytes().escape_ascii()
        )));
    }
    let Some(authority) = request.uri().authority() else {
        return match host {
            None if version > Version::HTTP_10 => {
                Err(bad("the request has no Host header; send one".to_owned()))
            }
            _ => Ok(None),
        };
    };
    let authority = authority.as_str();
    if !is_host(authority.as_bytes()) {
        return Err(bad(format!(
            "the authority `{}` is invalid; send a host name with an optional port",
            authority.escape_debug()
        )));
    }
    let is_same = host.map(|host| host.as_bytes().eq_ignore_ascii_case(authority.as_bytes()));
    match is_same {
        Some(true) => return Ok(None),
        Some(false) if version >= Version::HTTP_2 => {
            return Err(bad(
                "the Host header differs from `:authority`; send one of them".to_owned(),
            ));
        }
        None if version == Version::HTTP_11 => {
            return Err(bad("the request has no Host header; send one".to_owned()));
        }
        _ => {}
    }
    Ok(HeaderValue::from_str(authority).ok())
}

/// Matches `uri-host [ ":" port ]` (RFC 9110, section 7.2).
fn is_host(value: &[u8]) -> bool {
    let Some(literal) = value.strip_prefix(b"[") else {
        let port = after_reg_name(value);
        return port.len() < value.len() && is_port(port);
    };
    let Some(end) = literal.iter().position(|byte| *byte == b']') else {
        return false;
    };
    let is_inside = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'.' | b'-' | b'_' | b'~')
    };
    end > 0 && literal[..end].iter().all(is_inside) && is_port(&literal[end + 1..])
}

fn is_port(text: &[u8]) -> bool {
    match text.split_first() {
        None => true,
        Some((b':', digits)) => digits.iter().all(u8::is_ascii_digit),
        Some(_) => false,
    }
}

/// True for each byte of `reg-name` that stands for itself (RFC 3986, section 3.2.2).
const REG_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = matches!(
            byte as u8,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~'
                | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'='
        );
        byte += 1;
    }
    table
};

/// Returns what follows a `reg-name` (RFC 3986, section 3.2.2), which may be empty.
fn after_reg_name(mut text: &[u8]) -> &[u8] {
    loop {
        let plain = text.iter().take_while(|byte| REG_NAME[usize::from(**byte)]);
        text = &text[plain.count()..];
        match text {
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                text = rest;
            }
            _ => return text,
        }
    }
}

/// Joins the cookies of a request into one field, because HTTP/2 clients may send each in a
/// separate one (RFC 9113, section 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let mut values = headers.get_all(COOKIE).iter();
    if values.next().is_none() || values.next().is_none() {
        return;
    }
    let crumbs: Vec<&[u8]> = headers
        .get_all(COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    if let Ok(joined) = HeaderValue::from_bytes(&crumbs.join(b"; " as &[u8])) {
        headers.insert(COOKIE, joined);
    }
}

fn bad(detail: String) -> Refusal {
    Refusal::BadRequest(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str, version: Version, headers: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::builder().uri(target).version(version);
        for (name, value) in headers {
            request = request.header(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        request.body(()).unwrap()
    }

    fn refused(target: &str, version: Version, headers: &[(&str, &str)]) -> Option<u16> {
        let mut request = request(target, version, headers);
        check(&mut request).err().map(|refusal| refusal.status())
    }

    #[test]
    fn a_request_names_exactly_one_host() {
        let http1 = |headers: &[(&str, &str)]| refused("/who", Version::HTTP_11, headers);
        assert_eq!(http1(&[]), Some(400));
        assert_eq!(http1(&[("host", "a"), ("host", "b")]), Some(400));
        assert_eq!(http1(&[("host", "a"), ("host", "a")]), Some(400));
        for bad in [
            "", "a b", "a/b", "\u{ff}", "user@a", "a:b", "[::1", "[]", "a%2", "a:1:2", "a?b",
            "a#b", "a\\b",
        ] {
            assert_eq!(http1(&[("host", bad)]), Some(400), "{bad:?}");
        }
        for good in [
            "a",
            "a.example:8000",
            "a:",
            "[::1]:80",
            "[::1]",
            "127.0.0.1",
            "a_b",
            "x%20y",
            "A.Example.",
        ] {
            assert_eq!(http1(&[("host", good)]), None, "{good:?}");
        }
        assert_eq!(refused("/who", Version::HTTP_10, &[]), None);
        assert_eq!(
            refused("/who", Version::HTTP_10, &[("host", "a b")]),
            Some(400)
        );
        assert_eq!(refused("/who", Version::HTTP_2, &[]), Some(400));
    }

    #[test]
    fn the_authority_of_the_target_is_the_host() {
        let evil = [("host", "evil.example")];
        let mut absolute = request("http://good.example/who", Version::HTTP_11, &evil);
        check(&mut absolute).unwrap();
        assert_eq!(absolute.headers()["host"], "good.example");
        let mut http2 = request("http://good.example/who", Version::HTTP_2, &[]);
        check(&mut http2).unwrap();
        assert_eq!(http2.headers()["host"], "good.example");
        assert_eq!(
            refused("http://good.example/", Version::HTTP_2, &evil),
            Some(400)
        );
        assert_eq!(
            refused("http://good.example/", Version::HTTP_11, &[]),
            Some(400)
        );
        assert_eq!(
            refused("http://u:p@good.example/", Version::HTTP_11, &evil),
            Some(400)
        );
    }

    #[test]
    fn transfer_codings_are_chunked_alone() {
        let coded = |values: &[&str]| {
            let mut headers = vec![("host", "a")];
            headers.extend(values.iter().map(|value| ("transfer-encoding", *value)));
            refused("/raw", Version::HTTP_11, &headers)
        };
        assert_eq!(coded(&["chunked"]), None);
        assert_eq!(coded(&[" Chunked "]), None);
        for codings in [
            &["gzip, chunked"] as &[_],
            &["gzip", "chunked"],
            &["chunked, chunked"],
            &["identity"],
            &[""],
        ] {
            assert_eq!(coded(codings), Some(400), "{codings:?}");
        }
    }

    #[test]
    fn cookies_are_one_field() {
        for version in [Version::HTTP_11, Version::HTTP_2] {
            let crumbs = [("host", "a"), ("cookie", "a=1"), ("cookie", "b=2")];
            let mut request = request("/", version, &crumbs);
            check(&mut request).unwrap();
            let cookies: Vec<_> = request.headers().get_all("cookie").iter().collect();
            assert_eq!(cookies, ["a=1; b=2"]);
        }
    }

    #[test]
    fn long_heads_are_refused() {
        let long = "x".repeat(66_000);
        assert_eq!(
            refused("/", Version::HTTP_2, &[("host", "a"), ("x-a", &long)]),
            Some(431)
        );
        let third = "x".repeat(30_000);
        let three = [
            ("host", "a"),
            ("x-a", &*third),
            ("x-b", &*third),
            ("x-c", &*third),
        ];
        assert_eq!(refused("/", Version::HTTP_11, &three), Some(431));
        assert_eq!(refused("/", Version::HTTP_11, &three[..3]), None);
    }
}
