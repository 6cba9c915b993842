//! Raw responses, byte by byte.

use serde_json::Value;
use spikard_wasm_testing::Server;

/// The only response on a connection.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Makes the guest send a reply, and checks that the output is exactly one HTTP/1.1 response.
#[track_caller]
pub(crate) fn say(server: &Server, method: &str, what: &Value) -> Raw {
    let mut wire = server.wire();
    // JSON does not escape DEL, which a header must not contain.
    let what = what.to_string().replace('\u{7f}', "\\u007f");
    wire.send(format!(
        "{method} /do HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-say: {what}\r\n\r\n"
    ));
    let bytes = wire.rest();
    parse(&bytes, method)
        .unwrap_or_else(|error| panic!("{error}: {what}\n{}", bytes.escape_ascii()))
}

fn parse(bytes: &[u8], method: &str) -> Result<Raw, String> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.ok_or("the head does not end")?;
    let head = std::str::from_utf8(&bytes[..end]).map_err(|error| error.to_string())?;
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let status = first
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3));
    let status: u16 = status
        .and_then(|code| code.parse().ok())
        .ok_or("no status")?;
    let mut headers = Vec::new();
    for line in lines {
        let (name, value) = line
            .split_once(':')
            .ok_or(format!("`{line}` is not a header"))?;
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(token) {
            return Err(format!("`{name}` is not a header name"));
        }
        if value.chars().any(|c| c.is_control() && c != '\t') {
            return Err(format!("`{name}` has a control character"));
        }
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let raw = Raw {
        status,
        headers,
        body: bytes[end + 4..].to_vec(),
    };
    let lengths = raw.all("content-length");
    let bodiless = method == "HEAD" || matches!(status, 204 | 304);
    let length = match (bodiless, lengths.as_slice()) {
        (true, [] | [_]) => 0,
        (false, [one]) => one.parse().map_err(|_| "content-length is not a number")?,
        _ => return Err(format!("content-length: {lengths:?}")),
    };
    if raw.body.len() != length {
        return Err(format!("{} bytes follow the head", raw.body.len()));
    }
    if !raw.all("transfer-encoding").is_empty() {
        return Err("it has transfer-encoding".to_owned());
    }
    Ok(raw)
}

impl Raw {
    /// Returns all values of a header.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let values = self.headers.iter().filter(|(known, _)| known == name);
        values.map(|(_, value)| value.as_str()).collect()
    }

    /// Checks that this is the problem document of a failure.
    #[track_caller]
    pub(crate) fn assert_failure(&self) {
        assert_eq!(self.status, 500, "{self:?}");
        assert_eq!(self.all("content-type"), ["application/problem+json"]);
        let document: Value = serde_json::from_slice(&self.body).expect("JSON");
        assert_eq!(document["status"], 500, "{document}");
        assert!(self.all("x-injected").is_empty(), "{self:?}");
    }
}

#[test]
fn the_parser_rejects_invalid_responses() {
    let fine = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\na: b\r\n\r\nhi";
    assert_eq!(
        parse(fine.as_bytes(), "GET").expect("a response").body,
        b"hi"
    );
    for bad in [
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi, ho",
        "HTTP/1.1 200 OK\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\na b: c\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\na: b\nc\r\n\r\nhi",
        "HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\nhi",
    ] {
        assert!(parse(bad.as_bytes(), "GET").is_err(), "{bad}");
    }
}
