//! Sends a request and reads its response.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use super::request::Outgoing;

/// Timeout of connecting, of each read and of each write.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Maximum size of a response body, in bytes.
const LONGEST: u64 = 64 << 20;

/// A response.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The headers, with names in lowercase.
    pub(crate) headers: Vec<(String, String)>,
    /// The body, after decoding its `content-encoding`.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Returns all values of a header.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let found = self.headers.iter();
        let found = found.filter(move |(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// Sends a request over a new connection and returns the response.
///
/// # Errors
/// Fails if no response arrives, or it is not HTTP.
pub(crate) fn send(address: SocketAddr, request: &Outgoing) -> io::Result<Answer> {
    let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.set_nodelay(true)?;
    // Ignore write errors: a server may respond before it has read the whole request.
    let _ = (&stream).write_all(&request.to_bytes(&address.to_string()));
    let declared = request.header("content-length");
    let declared = declared.and_then(|text| text.parse::<usize>().ok());
    let sent = request.body.as_ref().map_or(0, Vec::len);
    if declared.is_some_and(|declared| declared > sent) {
        // The body is shorter than declared: shut down, so that the server does not wait.
        let _ = stream.shutdown(Shutdown::Write);
    }
    read(&mut BufReader::new(stream), &request.method)
}

fn read(reader: &mut impl BufRead, method: &str) -> io::Result<Answer> {
    loop {
        let mut answer = head(reader)?;
        if (100..200).contains(&answer.status) {
            continue;
        }
        if method != "HEAD" && answer.status != 204 && answer.status != 304 {
            let body = body(reader, &answer)?;
            answer.body = decode(&answer, body)?;
        }
        return Ok(answer);
    }
}

fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    reader.take(1 << 20).read_until(b'\n', &mut line)?;
    let line = String::from_utf8_lossy(&line);
    let line = line.strip_suffix("\r\n").map(str::to_owned);
    line.ok_or_else(|| io::Error::other("the connection ended within the head of a response"))
}

fn head(reader: &mut impl BufRead) -> io::Result<Answer> {
    let first = line(reader)?;
    let code = first
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3));
    let code = code.and_then(|code| code.parse().ok());
    let mut answer = Answer {
        status: code.ok_or_else(|| io::Error::other(format!("`{first}` is not HTTP/1.1")))?,
        ..Answer::default()
    };
    loop {
        let line = line(reader)?;
        let Some((name, value)) = line.split_once(':') else {
            return Ok(answer);
        };
        let pair = (name.to_ascii_lowercase(), value.trim().to_owned());
        answer.headers.push(pair);
    }
}

fn body(reader: &mut impl BufRead, answer: &Answer) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if answer
        .values("transfer-encoding")
        .any(|value| value == "chunked")
    {
        loop {
            let size = line(reader)?;
            let digits = size.split(';').next().unwrap_or_default().trim();
            let size = u64::from_str_radix(digits, 16).map_err(io::Error::other)?;
            if size == 0 {
                return Ok(body);
            }
            if body.len() as u64 + size > LONGEST {
                return Err(io::Error::other("the response is too long"));
            }
            reader.take(size).read_to_end(&mut body)?;
            line(reader)?;
        }
    }
    let length = answer.values("content-length").next();
    match length.and_then(|text| text.parse::<u64>().ok()) {
        Some(length) => {
            reader.take(length.min(LONGEST)).read_to_end(&mut body)?;
            match body.len() as u64 == length {
                true => Ok(body),
                false => Err(io::Error::other(
                    "the body is shorter than its content-length",
                )),
            }
        }
        None => {
            reader.take(LONGEST).read_to_end(&mut body)?;
            Ok(body)
        }
    }
}

fn decode(answer: &Answer, body: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut decoded = Vec::new();
    for coding in answer.values("content-encoding") {
        match coding {
            "identity" => continue,
            "gzip" => flate2::read::MultiGzDecoder::new(&*body)
                .take(LONGEST)
                .read_to_end(&mut decoded)?,
            "br" => brotli::Decompressor::new(&*body, 4096)
                .take(LONGEST)
                .read_to_end(&mut decoded)?,
            "zstd" => zstd::Decoder::new(&*body)?
                .take(LONGEST)
                .read_to_end(&mut decoded)?,
            other => {
                return Err(io::Error::other(format!(
                    "unknown content coding `{other}`"
                )));
            }
        };
        return Ok(decoded);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &[u8], method: &str) -> io::Result<Answer> {
        read(&mut &*text, method)
    }

    #[test]
    fn reads_what_is_framed() {
        let text = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\nA: 1\r\na: 2\r\n\r\nabcd";
        let plain = answer(text, "GET").expect("an answer");
        assert_eq!((plain.status, &plain.body[..]), (200, &b"abc"[..]));
        assert_eq!(plain.values("A").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(answer(text, "HEAD").expect("an answer").body, b"");
        let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\n\r\n";
        assert_eq!(answer(chunked, "GET").expect("an answer").body, b"abc");
        assert_eq!(
            answer(b"HTTP/1.1 200 OK\r\n\r\nabc", "GET")
                .expect("an answer")
                .body,
            b"abc"
        );
    }

    #[test]
    fn refuses_what_is_cut() {
        assert!(answer(b"", "GET").is_err());
        assert!(answer(b"HTTP/1.1 200 OK\r\nA", "GET").is_err());
        assert!(answer(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab", "GET").is_err());
        assert!(answer(b"SSH-2.0\r\n\r\n", "GET").is_err());
    }

    #[test]
    fn decodes() {
        let encoded = |coding: &str, body: Vec<u8>| {
            let headers = vec![("content-encoding".to_owned(), coding.to_owned())];
            decode(
                &Answer {
                    headers,
                    ..Answer::default()
                },
                body,
            )
        };
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"text").expect("written");
        assert_eq!(
            encoded("gzip", gzip.finish().expect("gzip")).expect("text"),
            b"text"
        );
        let packed = zstd::encode_all(&b"text"[..], 1).expect("zstd");
        assert_eq!(encoded("zstd", packed).expect("text"), b"text");
        let mut packed = Vec::new();
        let params = brotli::enc::BrotliEncoderParams::default();
        brotli::BrotliCompress(&mut &b"text"[..], &mut packed, &params).expect("brotli");
        assert_eq!(encoded("br", packed).expect("text"), b"text");
        assert!(encoded("gzip", b"text".to_vec()).is_err());
        assert!(encoded("lzma", b"text".to_vec()).is_err());
        assert_eq!(
            encoded("identity", b"text".to_vec()).expect("text"),
            b"text"
        );
    }
}
