//! Bodies far larger than the host's buffers.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use spikard_wasm_testing::Server;

use super::{Guest, on_every_guest};

on_every_guest!(
    a_large_request_uses_little_memory,
    a_large_reply_uses_little_memory,
    a_large_echo_uses_little_memory,
    an_unread_reply_causes_back_pressure,
);

/// Returns the size of a body in bytes; interpreted guests get a fourth, because they are slower.
fn size(guest: Guest) -> u64 {
    match guest {
        Guest::Js | Guest::Python => 256 << 20,
        _ => 1 << 30,
    }
}

/// Returns how much the peak memory of host and guest may grow; StarlingMonkey collects garbage at
/// unpredictable times.
fn bound(guest: Guest) -> u64 {
    match guest {
        Guest::Js => 160 << 20,
        Guest::Python => 48 << 20,
        _ => 24 << 20,
    }
}

/// As [`bound`], for replies. The bindings of componentize-py keep everything that a call writes
/// until the call ends, and that memory belongs to the guest.
fn bound_of_reply(guest: Guest) -> u64 {
    match guest {
        Guest::Python => bound(guest) + size(guest),
        _ => bound(guest),
    }
}

/// Starts a host from cached code and sends it a request, so that its peak memory contains no
/// compilation.
fn warm(guest: Guest) -> Server {
    drop(guest.serve(&[]));
    let server = guest.serve(&["--timeout", "120s", "--body-timeout", "120s"]);
    assert_eq!(server.client().get("/hello").status, 200);
    server
}

/// Checks that the host's peak memory grew by less than a bound.
#[track_caller]
fn assert_bounded(server: &Server, before: u64, bound: u64) {
    let peak = server.usage().peak;
    let grown = peak.saturating_sub(before);
    assert!(grown < bound, "{} MiB more than before", grown >> 20);
}

/// Sends a request with a body of this size from a separate thread.
fn send(mut stream: TcpStream, path: &'static str, bytes: u64) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let piece = vec![b'y'; 256 << 10];
        let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n");
        let head = format!("{head}content-length: {bytes}\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("the head is sent");
        let mut left = bytes;
        while left > 0 {
            let now = left.min(piece.len() as u64);
            let part = &piece[..usize::try_from(now).expect("a piece")];
            stream.write_all(part).expect("the body is sent");
            left -= now;
        }
    })
}

/// Reads a chunked reply to its end and counts the bytes `wanted`, which must be rare outside the
/// body.
fn count(mut stream: TcpStream, wanted: u8) -> u64 {
    let mut buffer = vec![0; 256 << 10];
    let (mut found, mut tail) = (0, Vec::new());
    loop {
        let read = stream.read(&mut buffer).expect("the reply");
        let bytes = &buffer[..read];
        found += bytes.iter().filter(|byte| **byte == wanted).count() as u64;
        tail.extend_from_slice(&bytes[read.saturating_sub(8)..]);
        tail.drain(..tail.len().saturating_sub(5));
        if read == 0 || tail == b"0\r\n\r\n" {
            return found;
        }
    }
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).expect("a connection");
    let limit = Some(Duration::from_secs(120));
    stream.set_read_timeout(limit).expect("a limit");
    stream.set_write_timeout(limit).expect("a limit");
    stream
}

fn a_large_request_uses_little_memory(guest: Guest) {
    let server = warm(guest);
    let before = server.usage().peak;
    let stream = connect(&server);
    let sender = send(stream.try_clone().expect("a socket"), "/count", size(guest));
    let mut reply = String::new();
    let mut reader = std::io::BufReader::new(stream);
    let _ = reader.read_to_string(&mut reply);
    sender.join().expect("all of it is sent");
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    assert!(reply.contains(&size(guest).to_string()), "{reply}");
    assert_bounded(&server, before, bound(guest));
}

fn a_large_reply_uses_little_memory(guest: Guest) {
    let server = warm(guest);
    let before = server.usage().peak;
    let mut stream = connect(&server);
    let request = format!("GET /big?bytes={} HTTP/1.1\r\nhost: a\r\n\r\n", size(guest));
    stream.write_all(request.as_bytes()).expect("a request");
    // The head contains a few `x` too.
    let head = head(&mut stream);
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert_eq!(count(stream, b'x'), size(guest));
    assert_bounded(&server, before, bound_of_reply(guest));
}

fn a_large_echo_uses_little_memory(guest: Guest) {
    let server = warm(guest);
    let before = server.usage().peak;
    let mut stream = connect(&server);
    let sender = send(stream.try_clone().expect("a socket"), "/echo", size(guest));
    let head = head(&mut stream);
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert_eq!(count(stream, b'y'), size(guest));
    sender.join().expect("all of it is sent");
    assert_bounded(&server, before, bound_of_reply(guest));
}

/// Back pressure holds up a guest that writes faster than its client reads.
fn an_unread_reply_causes_back_pressure(guest: Guest) {
    let server = warm(guest);
    let before = server.usage().peak;
    let mut stream = connect(&server);
    let request = format!("GET /big?bytes={} HTTP/1.1\r\nhost: a\r\n\r\n", 1_u64 << 40);
    stream.write_all(request.as_bytes()).expect("a request");
    let head = head(&mut stream);
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    thread::sleep(Duration::from_secs(1));
    assert_bounded(&server, before, bound(guest));
    // Other requests are served meanwhile.
    assert_eq!(server.client().get("/hello").status, 200);
    drop(stream);
    let _ = server.logged("path=\"/big\"");
    assert_bounded(&server, before, bound(guest));
}

/// Reads the head of a reply byte by byte.
fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("the head of a reply");
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}
