//! Parameters of a statement: a JSON array in which objects express what JSON cannot.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::{Failed, Payload};

use super::failure::invalid;

/// Most parameters of a statement. SQLite allows 32,766, PostgreSQL 65,535.
const MOST: usize = 32_766;

const FORMS: &str = "null, a boolean, a number, a string, or an object with one of the members `int`, `decimal`, `float`, `bytes`, \
                     `timestamp`, `date`, `time`, `uuid`, `json` and `array`";

#[derive(Clone, PartialEq)]
pub(super) enum Param<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    Text(Cow<'a, str>),
    /// `int`, `decimal`: digits.
    Number(Cow<'a, str>),
    /// `timestamp`, `date`, `time`, `uuid`: text that the database converts.
    Typed(Cow<'a, str>),
    Bytes(Vec<u8>),
    Json(Cow<'a, str>),
    Array(Vec<Param<'a>>),
}

/// Values do not belong in a log.
impl fmt::Debug for Param<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("_")
    }
}

impl<'a> Param<'a> {
    /// Parses the body of `sql.query`.
    pub(super) fn parse(body: &'a Payload) -> Result<Vec<Self>, Failed> {
        let bytes = body.as_bytes();
        if bytes.is_empty() {
            return Ok(Vec::new());
        }
        let params: Vec<Self> = match body {
            Payload::Json(text) | Payload::Text(text) => serde_json::from_str(text),
            _ => serde_json::from_slice(bytes),
        }
        .map_err(|error| invalid(format!("the parameters are not valid: {error}")))?;
        if params.len() > MOST {
            return Err(invalid(format!(
                "the statement has {} parameters; the limit is {MOST}; insert fewer rows at once",
                params.len()
            )));
        }
        Ok(params)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Param<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ParamVisitor)
    }
}

struct ParamVisitor;

impl<'de> Visitor<'de> for ParamVisitor {
    type Value = Param<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(FORMS)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Param::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Param::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Param::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).map_or(Param::Unsigned(value), Param::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Param::Float(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Param::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Param::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(A::Error::custom(
            "a parameter is an array; pass `{\"array\": [...]}` or `{\"json\": [...]}`",
        ))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let param = match map.next_key::<Cow<'de, str>>()? {
            None => {
                return Err(A::Error::custom(format!(
                    "a parameter is an empty object; expected {FORMS}"
                )));
            }
            Some(key) => tagged(&key, &mut map)?,
        };
        if map.next_key::<Cow<'de, str>>()?.is_some() {
            return Err(A::Error::custom(format!(
                "a parameter is an object with several members; expected {FORMS}"
            )));
        }
        Ok(param)
    }
}

fn tagged<'de, A: MapAccess<'de>>(key: &str, map: &mut A) -> Result<Param<'de>, A::Error> {
    match key {
        "int" | "decimal" => {
            let digits = map.next_value::<Text<'de>>()?.0;
            let valid = if key == "int" {
                is_int(&digits)
            } else {
                is_decimal(&digits)
            };
            if !valid {
                return Err(A::Error::custom(format!(
                    "the value of `{key}` is not a number; expected a string such as \"150\""
                )));
            }
            Ok(Param::Number(digits))
        }
        "float" => match map.next_value::<Text<'de>>()?.0.as_ref() {
            "NaN" => Ok(Param::Float(f64::NAN)),
            "Infinity" => Ok(Param::Float(f64::INFINITY)),
            "-Infinity" => Ok(Param::Float(f64::NEG_INFINITY)),
            other => other
                .parse()
                .map(Param::Float)
                .map_err(|_| A::Error::custom("the value of `float` is not a number")),
        },
        "bytes" => STANDARD
            .decode(map.next_value::<Text<'de>>()?.0.as_bytes())
            .map(Param::Bytes)
            .map_err(|_| A::Error::custom("the value of `bytes` is not base64")),
        "timestamp" | "date" | "time" | "uuid" => {
            Ok(Param::Typed(map.next_value::<Text<'de>>()?.0))
        }
        "json" => Ok(Param::Json(Cow::Borrowed(
            map.next_value::<&'de RawValue>()?.get(),
        ))),
        "array" => Ok(Param::Array(map.next_value()?)),
        _ => Err(A::Error::custom(format!(
            "a parameter is an object with an unknown member; expected {FORMS}"
        ))),
    }
}

struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(value)))
            }

            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(value.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

fn is_int(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_decimal(text: &str) -> bool {
    matches!(text, "NaN" | "Infinity" | "-Infinity")
        || (text.bytes().any(|byte| byte.is_ascii_digit())
            && text.bytes().all(|byte| {
                byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')
            })
            && text.parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form() {
        let body = Payload::Json(
            r#"[null, true, -7, 18446744073709551615, 1.5, "a\n", {"int": "9007199254740993"}, {"decimal": "1.50"},
                {"bytes": "AAE="}, {"date": "2026-01-02"}, {"json": {"a": [1, 2]}}, {"array": [1, null, {"array": []}]},
                {"float": "-Infinity"}]"#
                .to_owned(),
        );
        let params = Param::parse(&body).unwrap();
        assert_eq!(
            params,
            [
                Param::Null,
                Param::Bool(true),
                Param::Integer(-7),
                Param::Unsigned(u64::MAX),
                Param::Float(1.5),
                Param::Text("a\n".into()),
                Param::Number("9007199254740993".into()),
                Param::Number("1.50".into()),
                Param::Bytes(vec![0, 1]),
                Param::Typed("2026-01-02".into()),
                Param::Json("{\"a\": [1, 2]}".into()),
                Param::Array(vec![Param::Integer(1), Param::Null, Param::Array(vec![])]),
                Param::Float(f64::NEG_INFINITY),
            ]
        );
        assert_eq!(
            Param::parse(&Payload::Bytes(b"[1]".to_vec())).unwrap(),
            [Param::Integer(1)]
        );
        assert!(Param::parse(&Payload::Empty).unwrap().is_empty());
    }

    #[test]
    fn errors_say_what_is_expected() {
        for (body, part) in [
            ("{}", "expected a sequence"),
            ("[[1]]", "pass `{\"array\": [...]}`"),
            ("[{}]", "empty object"),
            (r#"[{"moment": "now"}]"#, "unknown member"),
            (r#"[{"int": "1", "date": "2"}]"#, "several members"),
            (r#"[{"int": "1.5"}]"#, "`int` is not a number"),
            (r#"[{"decimal": "1,5"}]"#, "`decimal` is not a number"),
            (r#"[{"bytes": "?"}]"#, "not base64"),
            ("[1", "EOF"),
        ] {
            let failed = Param::parse(&Payload::Json(body.to_owned())).unwrap_err();
            assert_eq!(failed.code, "invalid");
            assert!(failed.message.contains(part), "{body}: {}", failed.message);
        }
        let many = format!("[{}1]", "1,".repeat(40_000));
        assert!(
            Param::parse(&Payload::Json(many))
                .unwrap_err()
                .message
                .contains("32766")
        );
    }
}
