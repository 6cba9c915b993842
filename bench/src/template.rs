//! Templates of requests and replies, and the random values that fill them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Result, bail};
use fastrand::Rng;
use serde_json::{Value, json};

/// A text in which `${name}` stands for a value.
#[derive(Debug, Clone, Copy)]
pub struct Template<'a>(pub &'a str);

/// The context of a placeholder, which determines the escaping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// In a path, a query or a form.
    Url,
    /// In a JSON string, or as a JSON number.
    Json,
    /// Plain text, without escaping.
    Plain,
}

impl Template<'_> {
    /// Returns the text with its values filled in.
    pub fn fill(self, values: &Values, context: Context) -> String {
        let mut rest = self.0;
        let mut text = String::with_capacity(rest.len() + 32);
        while let Some(start) = rest.find("${") {
            let end = rest[start..]
                .find('}')
                .map_or(rest.len(), |length| start + length);
            text.push_str(&rest[..start]);
            let value = values.get(&rest[start + 2..end]).unwrap_or_default();
            match context {
                Context::Url => escape_url(value, &mut text),
                Context::Json => escape_json(value, &mut text),
                Context::Plain => text.push_str(value),
            }
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        text + rest
    }

    /// Checks that every placeholder has a value.
    pub fn check(self, values: &Values) -> Result<()> {
        for part in self.0.split("${").skip(1) {
            let Some((name, _)) = part.split_once('}') else {
                bail!("a `${{` in `{}` has no `}}`", self.0);
            };
            if values.get(name).is_none() {
                bail!(
                    "`{}` uses the undefined value `{name}`{}",
                    self.0,
                    crate::nearest::nearest(name, values.0.keys().map(String::as_str))
                );
            }
        }
        Ok(())
    }
}

/// Percent-encodes everything but unreserved characters, which is valid in paths, queries and
/// forms.
fn escape_url(value: &str, text: &mut String) {
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                text.push(byte.into())
            }
            _ => _ = write!(text, "%{byte:02X}"),
        }
    }
}

fn escape_json(value: &str, text: &mut String) {
    let quoted = Value::from(value).to_string();
    text.push_str(&quoted[1..quoted.len() - 1]);
}

/// The random values of one request.
#[derive(Debug, Clone, Default)]
pub struct Values(BTreeMap<String, String>);

impl Values {
    /// Draws each value as its definition specifies.
    pub fn draw(kinds: &BTreeMap<String, String>, rng: &mut Rng) -> Result<Self> {
        let mut values = Self::default();
        // Values that depend on others come last.
        for later in [false, true] {
            for (name, kind) in kinds {
                if kind.starts_with("hash:") == later {
                    let value = values.one(kind, rng)?;
                    values.0.insert(name.clone(), value);
                }
            }
        }
        Ok(values)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn one(&self, kind: &str, rng: &mut Rng) -> Result<String> {
        let fields: Vec<&str> = kind.split(':').collect();
        Ok(match fields.as_slice() {
            ["slug"] => letters(rng, 6, 16) + &rng.u32(0..1000).to_string(),
            ["word"] => letters(rng, 3, 12),
            ["words"] => (0..rng.usize(3..9))
                .map(|_| letters(rng, 2, 9))
                .collect::<Vec<_>>()
                .join(" "),
            ["integer", low, high] => rng
                .i64(number::<i64>(low)?..=number::<i64>(high)?)
                .to_string(),
            ["decimal", low, high] => {
                format!(
                    "{}.{:02}",
                    rng.i64(number::<i64>(low)?..number::<i64>(high)?),
                    rng.u8(1..100)
                )
            }
            ["boolean"] => rng.bool().to_string(),
            ["uuid"] => uuid(rng),
            ["date"] => {
                format!(
                    "{:04}-{:02}-{:02}",
                    rng.u16(1970..2100),
                    rng.u8(1..13),
                    rng.u8(1..29)
                )
            }
            ["email"] => format!("{}@{}.com", letters(rng, 3, 9), letters(rng, 3, 9)),
            ["choice", choices] => {
                let choices: Vec<&str> = choices.split('|').collect();
                choices[rng.usize(0..choices.len())].to_owned()
            }
            // The result of the CPU-bound handler.
            ["hash", seed, rounds] => {
                let (seed, rounds) = (
                    self.get(seed).unwrap_or(seed),
                    self.get(rounds).unwrap_or(rounds),
                );
                hash(number(seed)?, number(rounds)?).to_string()
            }
            _ => bail!(
                "the kind of value `{kind}` is unknown: use slug, word, words, integer:LOW:HIGH, \
                 decimal:LOW:HIGH, boolean, uuid, date, email, choice:A|B or hash:SEED:ROUNDS"
            ),
        })
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse()
        .map_err(|_| anyhow::anyhow!("`{text}` is not a number that fits"))
}

fn letters(rng: &mut Rng, least: usize, most: usize) -> String {
    (0..rng.usize(least..=most))
        .map(|_| rng.lowercase())
        .collect()
}

fn uuid(rng: &mut Rng) -> String {
    let hex = format!("{:032x}", rng.u128(..));
    format!(
        "{}-{}-4{}-a{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..]
    )
}

/// Computes the result of the CPU-bound handler, the same in each language: FNV-1a over the
/// rounds.
pub fn hash(seed: u32, rounds: u32) -> u32 {
    let mut value = 2_166_136_261_u32 ^ seed;
    for round in 0..rounds {
        value = (value ^ (round & 0xff)).wrapping_mul(16_777_619);
    }
    value
}

/// Creates a JSON array of records with this encoded size in bytes.
pub fn records(bytes: usize, rng: &mut Rng) -> Value {
    let item = |rng: &mut Rng| {
        json!({
            "id": rng.u32(..), "name": letters(rng, 4, 12), "price": f64::from(rng.u32(100..100_000)) / 100.0,
            "active": rng.bool(), "tags": [letters(rng, 3, 8), letters(rng, 3, 8)],
            "address": { "street": letters(rng, 6, 14), "city": letters(rng, 4, 10), "zip": rng.u32(10_000..100_000).to_string() },
            "note": "",
        })
    };
    let mut items = vec![item(rng)];
    let mut length = items[0].to_string().len() + 2;
    // Leave room for another record of maximum size.
    while length + 230 < bytes {
        let next = item(rng);
        length += next.to_string().len() + 1;
        items.push(next);
    }
    // Pad the last record to the exact size.
    if let Some(last) = items.last_mut() {
        let note: String = (0..bytes.saturating_sub(length))
            .map(|_| rng.lowercase())
            .collect();
        last["note"] = note.into();
    }
    Value::from(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_and_escapes() {
        let values = Values(BTreeMap::from([("a".to_owned(), "x y\"z".to_owned())]));
        assert_eq!(
            Template("/p/${a}?q=${a}").fill(&values, Context::Url),
            "/p/x%20y%22z?q=x%20y%22z"
        );
        assert_eq!(
            Template("\"${a}\"").fill(&values, Context::Json),
            "\"x y\\\"z\""
        );
        let error = Template("${b}").check(&values).unwrap_err().to_string();
        assert!(error.contains("`b`"), "{error}");
    }

    #[test]
    fn draws_values_of_the_specified_kinds() {
        let kinds = [
            ("s", "integer:7:7"),
            ("r", "integer:3:3"),
            ("h", "hash:s:r"),
            ("d", "date"),
        ];
        let kinds = kinds
            .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
            .into();
        let values = Values::draw(&kinds, &mut Rng::with_seed(1)).unwrap();
        assert_eq!(values.get("h").unwrap(), hash(7, 3).to_string());
        assert_eq!(values.get("d").unwrap().len(), 10);
    }

    #[test]
    fn records_have_the_size_asked_for() {
        for bytes in [1024, 10_240, 102_400, 1_048_576] {
            let length = records(bytes, &mut Rng::with_seed(3)).to_string().len();
            assert_eq!(length, bytes);
        }
    }
}
