//! Parameters for PostgreSQL. All but bytes are sent as text, so that the server converts them to the type of their
//! placeholder.

use std::error::Error;
use std::fmt::Write as _;

use bytes::{BufMut as _, BytesMut};
use tokio_postgres::types::{Format, IsNull, Kind, ToSql, Type};

use crate::Failed;

use super::super::failure::invalid;
use super::super::param::Param;

/// A parameter as it is sent.
pub(super) struct Encoded {
    /// Absent for NULL.
    value: Option<Vec<u8>>,
    binary: bool,
}

/// Encodes parameter `number`.
pub(super) fn encode(param: &Param<'_>, ty: &Type, number: usize) -> Result<Encoded, Failed> {
    let ty = without_domain(ty);
    let value = match param {
        Param::Null => {
            return Ok(Encoded {
                value: None,
                binary: false,
            });
        }
        Param::Bytes(bytes) if *ty == Type::BYTEA => {
            return Ok(Encoded {
                value: Some(bytes.clone()),
                binary: true,
            });
        }
        Param::Bytes(_) => {
            return Err(invalid(format!(
                "parameter {number} is bytes, but its placeholder has the type `{}`; write `${number}::bytea` if it is one",
                ty.name()
            )));
        }
        Param::Array(items) => {
            let Kind::Array(element) = ty.kind() else {
                return Err(invalid(format!(
                    "parameter {number} is an array, but its placeholder has the type `{0}`; write `${number}::{0}[]` if it is one, \
                     or pass `json`",
                    ty.name()
                )));
            };
            let mut literal = String::new();
            array(&mut literal, items, without_domain(element), number)?;
            literal
        }
        other => text(other, ty, number)?,
    };
    Ok(Encoded {
        value: Some(value.into_bytes()),
        binary: false,
    })
}

fn without_domain(mut ty: &Type) -> &Type {
    while let Kind::Domain(inner) = ty.kind() {
        ty = inner;
    }
    ty
}

fn text(param: &Param<'_>, ty: &Type, number: usize) -> Result<String, Failed> {
    let integer = [Type::INT2, Type::INT4, Type::INT8].contains(ty);
    let text = match param {
        Param::Bool(value) => value.to_string(),
        Param::Integer(value) => value.to_string(),
        Param::Unsigned(value) => value.to_string(),
        // Python and Lua write 1.0 where JavaScript writes 1.
        Param::Float(value) if integer && value.fract() == 0.0 => format!("{value:.0}"),
        Param::Float(value) if value.is_infinite() => (if *value > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        })
        .to_owned(),
        Param::Float(value) => format!("{value:?}"),
        Param::Text(text) | Param::Number(text) | Param::Typed(text) | Param::Json(text) => {
            text.clone().into_owned()
        }
        Param::Null | Param::Bytes(_) | Param::Array(_) => String::new(),
    };
    if text.contains('\0') {
        return Err(invalid(format!(
            "parameter {number} contains a NUL character, which PostgreSQL text cannot contain; remove it, or use bytes and a \
             `bytea` column"
        )));
    }
    Ok(text)
}

/// Writes an array literal; every element is quoted.
fn array(
    literal: &mut String,
    items: &[Param<'_>],
    element: &Type,
    number: usize,
) -> Result<(), Failed> {
    literal.push('{');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            literal.push(',');
        }
        match item {
            Param::Null => literal.push_str("NULL"),
            Param::Array(items) => array(literal, items, element, number)?,
            Param::Bytes(bytes) => {
                literal.push_str("\"\\\\x");
                for byte in bytes {
                    let _ = write!(literal, "{byte:02x}");
                }
                literal.push('"');
            }
            other => {
                literal.push('"');
                for character in text(other, element, number)?.chars() {
                    if matches!(character, '"' | '\\') {
                        literal.push('\\');
                    }
                    literal.push(character);
                }
                literal.push('"');
            }
        }
    }
    literal.push('}');
    Ok(())
}

/// Values do not belong in a log.
impl std::fmt::Debug for Encoded {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("_")
    }
}

impl ToSql for Encoded {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        Ok(match &self.value {
            None => IsNull::Yes,
            Some(value) => {
                out.put_slice(value);
                IsNull::No
            }
        })
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        self.to_sql(ty, out)
    }

    fn encode_format(&self, _: &Type) -> Format {
        if self.binary {
            Format::Binary
        } else {
            Format::Text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(param: &Param<'_>, ty: &Type) -> String {
        String::from_utf8(encode(param, ty, 1).unwrap().value.unwrap()).unwrap()
    }

    #[test]
    fn scalars_and_arrays() {
        assert_eq!(encoded(&Param::Float(3.0), &Type::INT4), "3");
        assert_eq!(encoded(&Param::Float(3.0), &Type::FLOAT8), "3.0");
        assert_eq!(
            encoded(&Param::Float(f64::NEG_INFINITY), &Type::FLOAT8),
            "-Infinity"
        );
        assert_eq!(encoded(&Param::Float(f64::NAN), &Type::FLOAT8), "NaN");
        let items = vec![
            Param::Text("a\"\\,{}".into()),
            Param::Null,
            Param::Array(vec![Param::Integer(1)]),
            Param::Bytes(vec![0, 255]),
        ];
        assert_eq!(
            encoded(&Param::Array(items), &Type::TEXT_ARRAY),
            r#"{"a\"\\,{}",NULL,{"1"},"\\x00ff"}"#
        );
        assert_eq!(encoded(&Param::Array(vec![]), &Type::TEXT_ARRAY), "{}");
    }

    #[test]
    fn what_does_not_fit() {
        for (param, ty, part) in [
            (Param::Text("a\0".into()), Type::TEXT, "NUL"),
            (
                Param::Array(vec![Param::Text("\0".into())]),
                Type::TEXT_ARRAY,
                "NUL",
            ),
            (Param::Array(vec![]), Type::TEXT, "`$1::text[]`"),
            (Param::Bytes(vec![]), Type::TEXT, "`$1::bytea`"),
        ] {
            let failed = encode(&param, &ty, 1).unwrap_err();
            assert_eq!(failed.code, "invalid");
            assert!(failed.message.contains(part), "{}", failed.message);
        }
    }
}
