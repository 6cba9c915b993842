//! How PostgreSQL sends the types of its values.

use tokio_postgres::types::{Kind, Type};

use crate::Failed;

use super::super::rows::Special;

/// How the server sends a type.
#[derive(Clone, Copy)]
pub(super) enum Format<'a> {
    Bool,
    Int2,
    Int4,
    Int8,
    Oid,
    Float4,
    Float8,
    Numeric,
    Text,
    Char,
    Json,
    Jsonb,
    Bytes,
    Uuid,
    Timestamp { zone: bool },
    Date,
    Time,
    Void,
    Array(&'a Type),
}

impl<'a> Format<'a> {
    pub(super) fn of(ty: &'a Type) -> Option<Self> {
        Some(match *ty {
            Type::BOOL => Self::Bool,
            Type::INT2 => Self::Int2,
            Type::INT4 => Self::Int4,
            Type::INT8 => Self::Int8,
            Type::OID => Self::Oid,
            Type::FLOAT4 => Self::Float4,
            Type::FLOAT8 => Self::Float8,
            Type::NUMERIC => Self::Numeric,
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN | Type::XML => {
                Self::Text
            }
            Type::CHAR => Self::Char,
            Type::JSON => Self::Json,
            Type::JSONB => Self::Jsonb,
            Type::BYTEA => Self::Bytes,
            Type::UUID => Self::Uuid,
            Type::TIMESTAMP => Self::Timestamp { zone: false },
            Type::TIMESTAMPTZ => Self::Timestamp { zone: true },
            Type::DATE => Self::Date,
            Type::TIME => Self::Time,
            Type::VOID => Self::Void,
            _ => match ty.kind() {
                Kind::Enum(_) => Self::Text,
                Kind::Domain(inner) => return Self::of(inner),
                Kind::Array(element) => {
                    Self::of(element)?;
                    Self::Array(element)
                }
                // An extension's type, whose binary format is its text.
                Kind::Simple if ty.name() == "citext" => Self::Text,
                _ => return None,
            },
        })
    }

    /// The type that a column of this format always has; integers and floats depend on the value.
    pub(super) fn special(self) -> Option<Special> {
        Some(match self {
            Self::Numeric => Special::Decimal,
            Self::Bytes => Special::Bytes,
            Self::Uuid => Special::Uuid,
            Self::Timestamp { .. } => Special::Timestamp,
            Self::Date => Special::Date,
            Self::Time => Special::Time,
            Self::Array(element) => return Self::of(element)?.special(),
            _ => return None,
        })
    }
}

/// Why a value cannot be read.
pub(super) enum CellError {
    Malformed,
    Failed(Failed),
}

impl From<Failed> for CellError {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}
