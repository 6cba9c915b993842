//! Kinds of client actions and their expected responses.

use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::random::Random;
use crate::wire::{Wire, WireResponse};

/// Minimum time between two calls that spin, across all clients. A call that spins uses a
/// whole core until its deadline.
const BETWEEN_SPINS: Duration = Duration::from_secs(5);

/// A kind of client action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Json,
    Echo,
    Bytes,
    Count,
    Missing,
    Invalid,
    Throw,
    End,
    BadReply,
    Nap,
    Late,
    Spin,
    Leave,
    HalfHead,
    HalfBody,
    Garbage,
    SlowSender,
    SlowReader,
}

use Kind::{
    BadReply, Bytes, Count, Echo, End, Garbage, HalfBody, HalfHead, Invalid, Json, Late, Leave,
    Missing, Nap, SlowReader, SlowSender, Spin, Throw,
};

/// All kinds, each with its name in the report and its weight.
pub(super) const KINDS: [(Kind, &str, i64); 18] = [
    (Json, "json", 250),
    (Echo, "json echo, validated", 200),
    (Bytes, "bytes echo", 120),
    (Count, "count", 100),
    (Missing, "unknown route (404)", 20),
    (Invalid, "invalid (422)", 30),
    (Throw, "throws (500)", 60),
    (End, "traps (500)", 40),
    (BadReply, "invalid reply (500)", 20),
    (Nap, "sleeps 20 ms", 50),
    (Late, "sleeps past the deadline (504)", 2),
    (Spin, "spins past the deadline (504)", 4),
    (Leave, "client disconnects", 40),
    (HalfHead, "half a head", 20),
    (HalfBody, "half a body", 30),
    (Garbage, "garbage", 20),
    (SlowSender, "slow sender", 10),
    (SlowReader, "slow reader, 1 MB", 10),
];

/// Draws a kind at random, by weight.
pub(super) fn draw(random: &mut Random) -> (Kind, &'static str) {
    let all = KINDS.iter().map(|(_, _, weight)| weight).sum();
    let mut at = random.within(0, all);
    for (kind, name, weight) in KINDS {
        at -= weight;
        if at < 0 {
            return (kind, name);
        }
    }
    (Json, KINDS[0].1)
}

/// Rate limit for calls that spin, shared by all clients.
#[derive(Debug, Default)]
pub(super) struct Spins(Mutex<Option<Instant>>);

impl Spins {
    pub(super) fn may(&self) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let may = last.is_none_or(|last| last.elapsed() >= BETWEEN_SPINS);
        if may {
            *last = Some(Instant::now());
        }
        may
    }
}

/// What to do with the connection after an action.
pub(super) enum After {
    Keep,
    Close,
}

type Done = Result<After, String>;

/// Performs an action on a connection. The error describes an unexpected response.
pub(super) fn act(kind: Kind, wire: &mut Wire, random: &mut Random, fresh: bool) -> Done {
    match kind {
        Json => get(wire, "/reply/json", 200, |response| {
            response.text().contains("\"number\"")
        }),
        Echo => echo(wire, random),
        Bytes => {
            // Not zero bytes: languages differ in their reply to a request without a body.
            let length = random.within(1, 20_000) as usize;
            bytes(wire, &random.bytes(length), Duration::ZERO)
        }
        Count => get(wire, "/count", 200, |response| {
            let calls = serde_json::from_slice::<Value>(&response.body);
            let calls = calls.ok().and_then(|count| count["calls"].as_u64());
            // A fresh instance has no state from an earlier request.
            calls.is_some_and(|calls| if fresh { calls == 1 } else { calls >= 1 })
        }),
        Missing => problem(wire, "/nothing", 404),
        Invalid => problem(wire, "/sleep?ms=soon", 422),
        Throw => problem(wire, "/throw", 500),
        End => problem(wire, "/end", 500),
        BadReply => problem(wire, "/reply/split", 500),
        Nap => get(wire, "/sleep?ms=20", 200, |response| {
            response.text() == "slept"
        }),
        Late => problem(wire, "/sleep?ms=60000", 504),
        Spin => problem(wire, "/spin", 504),
        Leave => {
            wire.send("GET /sleep?ms=60000 HTTP/1.1\r\nhost: a\r\n\r\n");
            pause(random, 20, 80);
            Ok(After::Close)
        }
        HalfHead => {
            wire.send("GET /reply/json HTTP/1.1\r\nhos");
            pause(random, 0, 30);
            Ok(After::Close)
        }
        HalfBody => {
            wire.send("POST /body/raw HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\nhalf");
            pause(random, 0, 50);
            Ok(After::Close)
        }
        Garbage => {
            let length = random.within(1, 400) as usize;
            wire.send(random.bytes(length));
            wire.finish();
            match wire.is_closed_or(400) {
                true => Ok(After::Close),
                false => Err("expected status 400 or a closed connection".to_owned()),
            }
        }
        SlowSender => {
            let head = "GET /reply/json HTTP/1.1\r\nhost: a\r\nx-slow: yes\r\n\r\n";
            for part in head.as_bytes().chunks(10) {
                wire.send(part);
                pause(random, 20, 60);
            }
            let response = wire.try_response();
            expect(response, 200, |_| true)
        }
        SlowReader => bytes(wire, &random.bytes(1_000_000), Duration::from_millis(200)),
    }
}

/// Opens a connection. A running host must always accept it.
pub(super) fn open(address: SocketAddr) -> Result<Wire, String> {
    Wire::open(address).map_err(|error| format!("failed to connect: {error}"))
}

/// Sleeps for a random number of milliseconds in the range `low..high`.
pub(super) fn pause(random: &mut Random, low: i64, high: i64) {
    thread::sleep(Duration::from_millis(random.within(low, high) as u64));
}

fn expect(
    response: io::Result<WireResponse>,
    status: u16,
    fits: impl FnOnce(&WireResponse) -> bool,
) -> Done {
    let response = response.map_err(|error| format!("no response: {error}"))?;
    if response.status != status || !fits(&response) {
        let text = response.text();
        let text: String = text.chars().take(200).collect();
        let seen = response.status;
        return Err(match seen == status {
            true => format!("{status} with an unexpected body: {text}"),
            false => format!("{seen} instead of {status}: {text}"),
        });
    }
    match response.header("connection") {
        Some("close") => Ok(After::Close),
        _ => Ok(After::Keep),
    }
}

fn get(
    wire: &mut Wire,
    target: &str,
    status: u16,
    fits: impl FnOnce(&WireResponse) -> bool,
) -> Done {
    let response = wire.try_ask(&format!("GET {target} HTTP/1.1\r\nhost: a"));
    expect(response, status, fits)
}

fn problem(wire: &mut Wire, target: &str, status: u16) -> Done {
    get(wire, target, status, |response| {
        let document = serde_json::from_slice::<Value>(&response.body);
        document.is_ok_and(|document| document["status"] == status)
    })
}

fn bytes(wire: &mut Wire, body: &[u8], wait: Duration) -> Done {
    wire.send(format!(
        "POST /body/raw HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n",
        body.len()
    ));
    wire.send(body);
    thread::sleep(wait);
    expect(wire.try_response(), 200, |response| response.body == body)
}

fn echo(wire: &mut Wire, random: &mut Random) -> Done {
    let (id, page) = (random.within(0, 1_000_000), random.within(1, 1000));
    let (token, sid) = (random.name(), random.of("0123456789abcdef", 32));
    let price = random.within(0, 100_000) as f64 + 0.25;
    let item = json!({"name": random.text(), "price": price});
    let body = item.to_string();
    wire.send(format!(
        "POST /declared/{id}?page={page} HTTP/1.1\r\nhost: a\r\nx-token: {token}\r\n\
         cookie: sid={sid}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ));
    let expected = json!({"id": id, "page": page, "token": token, "sid": sid, "item": item});
    expect(wire.try_response(), 200, |response| {
        serde_json::from_slice::<Value>(&response.body).is_ok_and(|seen| seen == expected)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_drawn() {
        let mut random = Random::seeded(1);
        let drawn: Vec<Kind> = (0..20_000).map(|_| draw(&mut random).0).collect();
        for (kind, _, weight) in KINDS {
            let number = drawn.iter().filter(|drawn| **drawn == kind).count() as i64;
            let expected = weight * 20_000 / 1026;
            assert!(
                number > expected / 3 && number < expected * 3,
                "{kind:?}: {number}"
            );
        }
    }

    #[test]
    fn one_spins_at_a_time() {
        let spins = Spins::default();
        assert!(spins.may());
        assert!(!spins.may());
    }
}
