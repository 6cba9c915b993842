//! The workloads with random values from the full range of each route.

use serde_json::{Map, Value, json};
use spikard_wasm_testing::Random;

use super::workload::{FORMS, Kind, QUERIES, Workload};

/// The largest integer that every lane represents exactly, even as a 64-bit float.
const SAFE: i64 = 1 << 53;

/// Returns the raw or the validated workloads.
pub(super) fn workloads(random: &mut Random, validated: bool) -> Vec<Workload> {
    let prefix = if validated { "/validated" } else { "" };
    let mut all = paths(random, prefix);
    for size in ["small", "medium", "large", "very-large"] {
        let body = if validated {
            declared(random, size)
        } else {
            json!({"any": anything(random, 4), "more": anything(random, 3)})
        };
        all.push(Workload::json(prefix, size, &body.to_string()));
    }
    for (name, kinds) in QUERIES {
        // The validated route requires the first one.
        let mut pairs = vec![(kinds[0].0.to_owned(), text_of(random, kinds[0].1))];
        for (parameter, kind) in &kinds[1..] {
            if random.coin() {
                pairs.push(((*parameter).to_owned(), text_of(random, *kind)));
            }
        }
        all.push(Workload::query(prefix, name, &pairs));
    }
    for (name, kinds) in FORMS {
        let mut pair = |(field, kind): &(&str, Kind)| {
            let kind = if validated { *kind } else { Kind::Text };
            ((*field).to_owned(), text_of(random, kind))
        };
        let pairs: Vec<_> = kinds.iter().map(&mut pair).collect();
        all.push(Workload::form(prefix, name, &pairs));
    }
    for size in ["small", "medium", "large"] {
        let count = random.within(i64::from(validated), 7);
        let mut file = || {
            let length = random.within(0, 30_000) as usize;
            random.bytes(length)
        };
        let files: Vec<_> = (0..count).map(|_| file()).collect();
        all.push(Workload::multipart(prefix, size, &files));
    }
    all
}

fn paths(random: &mut Random, prefix: &str) -> Vec<Workload> {
    let segment = |random: &mut Random| {
        let name = random.name();
        // A raw segment is any non-empty text.
        let text = if prefix.is_empty() {
            random.text()
        } else {
            String::new()
        };
        json!(name + &text)
    };
    let simple = [("id", segment(random))];
    let multiple = ["user_id", "post_id"].map(|name| (name, segment(random)));
    let deep = ["org", "team", "project", "resource", "id"].map(|name| (name, segment(random)));
    let int = [("id", json!(random.within(-SAFE, SAFE)))];
    let uuid = format!(
        "{:032x}",
        u128::from(random.next_u64()) << 64 | u128::from(random.next_u64())
    );
    let uuid = [
        &uuid[..8],
        &uuid[8..12],
        &uuid[12..16],
        &uuid[16..20],
        &uuid[20..],
    ]
    .join("-");
    let (year, month) = (random.within(1000, 9999), random.within(1, 13));
    let date = format!("{year:04}-{month:02}-{:02}", random.within(1, 29));
    vec![
        Workload::path(prefix, "simple", &simple),
        Workload::path(prefix, "multiple", &multiple),
        Workload::path(prefix, "deep", &deep),
        Workload::path(prefix, "int", &int),
        Workload::path(prefix, "uuid", &[("uuid", json!(uuid))]),
        Workload::path(prefix, "date", &[("date", json!(date))]),
    ]
}

fn text_of(random: &mut Random, kind: Kind) -> String {
    match kind {
        Kind::Text => random.text(),
        Kind::Email => format!("a{}@example.com", random.within(0, 1000)),
        Kind::Integer => random.within(-SAFE, SAFE).to_string(),
        Kind::Number => random.number().to_string(),
        Kind::Flag => random.coin().to_string(),
    }
}

/// Returns a valid body of a validated workload.
fn declared(random: &mut Random, size: &str) -> Value {
    let image = |random: &mut Random| json!({"url": random.text(), "name": random.text()});
    match size {
        "small" => json!({
            "name": random.text(), "description": random.text(),
            "price": random.number(), "tax": random.within(-SAFE, SAFE)
        }),
        "medium" => {
            json!({"name": random.text(), "price": random.number(), "image": image(random)})
        }
        "large" => json!({"name": random.text(), "price": random.number(), "seller": {
            "name": random.text(),
            "address": {"street": random.text(), "city": random.text(), "country": {
                "name": random.text(), "code": random.text()
            }}
        }}),
        _ => {
            let (tags, images) = (random.within(0, 9), random.within(0, 9));
            json!({
                "name": random.text(),
                "tags": (0..tags).map(|_| random.text()).collect::<Vec<_>>(),
                "images": (0..images).map(|_| image(random)).collect::<Vec<_>>()
            })
        }
    }
}

/// Returns a random JSON value with at most this many levels.
fn anything(random: &mut Random, depth: usize) -> Value {
    match random.within(0, if depth == 0 { 5 } else { 7 }) {
        0 => Value::Null,
        1 => json!(random.coin()),
        2 => json!(random.within(-SAFE, SAFE)),
        3 => json!(random.number()),
        4 => json!(random.text()),
        5 => (0..random.within(0, 5))
            .map(|_| anything(random, depth - 1))
            .collect(),
        _ => {
            let count = random.within(0, 5);
            let mut member = || (random.text(), anything(random, depth - 1));
            Value::Object((0..count).map(|_| member()).collect::<Map<_, _>>())
        }
    }
}
