//! JSON from clients, with bounded nesting and without duplicate members.
//!
//! Parsers disagree on the value of a duplicate member (RFC 8259, section 4). The guest
//! receives the text as sent, so it must read the same values that the host validated:
//! the host rejects duplicates.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::limits::MAX_NESTING;

/// An error in a JSON text.
#[derive(Debug)]
pub(crate) enum JsonError {
    /// The text nests deeper than [`MAX_NESTING`].
    TooDeep,
    /// The text is not JSON, or has a duplicate member.
    Malformed(serde_json::Error),
}

/// Parses a text into a tree.
pub(crate) fn parse(text: &str) -> Result<Value, JsonError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = BoundedTree {
        depth_left: MAX_NESTING,
    }
    .deserialize(&mut reader);
    let value = value.and_then(|value| reader.end().map(|()| value));
    value.map_err(|error| malformed(text, error))
}

/// Checks the syntax and depth of a text without building a tree.
pub(crate) fn check(text: &str) -> Result<(), JsonError> {
    if is_too_deep(text) {
        return Err(JsonError::TooDeep);
    }
    serde_json::from_str::<IgnoredAny>(text)
        .map(drop)
        .map_err(JsonError::Malformed)
}

fn malformed(text: &str, error: serde_json::Error) -> JsonError {
    if is_too_deep(text) {
        return JsonError::TooDeep;
    }
    JsonError::Malformed(error)
}

/// Returns true if the brackets outside of strings nest too deep. Does not check syntax.
fn is_too_deep(text: &str) -> bool {
    let mut depth = 0_usize;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => {
                while let Some(inside) = bytes.next() {
                    match inside {
                        b'\\' => drop(bytes.next()),
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            b'{' | b'[' => {
                depth += 1;
                if depth > MAX_NESTING {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// Builds a tree that nests at most `depth_left` levels deep.
#[derive(Clone, Copy)]
struct BoundedTree {
    depth_left: usize,
}

impl BoundedTree {
    fn descend<E: Error>(self) -> Result<Self, E> {
        let depth_left = self.depth_left.checked_sub(1);
        let depth_left = depth_left.ok_or_else(|| E::custom("it nests too deep"))?;
        Ok(Self { depth_left })
    }
}

impl<'de> DeserializeSeed<'de> for BoundedTree {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for BoundedTree {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.descend()?;
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.descend()?;
        let mut all = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(inner)?;
            match all.entry(name) {
                serde_json::map::Entry::Vacant(place) => drop(place.insert(value)),
                serde_json::map::Entry::Occupied(place) => {
                    let name = crate::field_error::shorten(place.key());
                    return Err(A::Error::custom(format!(
                        "the member `{name}` occurs twice"
                    )));
                }
            }
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nested(depth: usize) -> String {
        "[".repeat(depth) + &"]".repeat(depth)
    }

    #[test]
    fn depth_is_bounded() {
        assert!(parse(&nested(MAX_NESTING)).is_ok() && check(&nested(MAX_NESTING)).is_ok());
        let deep = nested(MAX_NESTING + 1);
        assert!(matches!(parse(&deep), Err(JsonError::TooDeep)));
        assert!(matches!(check(&deep), Err(JsonError::TooDeep)));
        let text = format!("\"\\\"{}\"", "[".repeat(100));
        assert!(parse(&text).is_ok() && check(&text).is_ok());
        assert!(matches!(
            check(&"[".repeat(1 << 20)),
            Err(JsonError::TooDeep)
        ));
    }

    #[test]
    fn a_member_occurs_once() {
        let Err(JsonError::Malformed(error)) = parse("{\"a\": {\"b\": 1, \"b\": 2}}") else {
            panic!()
        };
        assert!(error.to_string().contains("`b` occurs twice"), "{error}");
        assert!(parse("{\"a\": {\"a\": 1}}").is_ok());
    }

    #[test]
    fn numbers_keep_their_value() {
        assert_eq!(parse("-0.0").unwrap().to_string(), "-0.0");
        assert_eq!(parse("18446744073709551615").unwrap(), u64::MAX);
        assert!(parse("18446744073709551616").unwrap().is_f64());
        assert!(parse("1e400").is_err() && parse("01").is_err() && parse("1 2").is_err());
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map("\\PC{0,4}", inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn reads_what_was_written(value in value()) {
            let text = value.to_string();
            prop_assert_eq!(parse(&text).unwrap(), value);
            prop_assert!(check(&text).is_ok());
        }

        #[test]
        fn takes_what_serde_json_takes(text in "[\\[\\]{}:,\"a1 \\\\]{0,16}") {
            let theirs = serde_json::from_str::<Value>(&text);
            match parse(&text) {
                Ok(ours) => prop_assert_eq!(theirs.unwrap(), ours),
                Err(JsonError::Malformed(error)) if error.to_string().contains("twice") => {}
                Err(_) => prop_assert!(theirs.is_err()),
            }
        }
    }
}
