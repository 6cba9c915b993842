//! Values of PostgreSQL, in its binary format, as JSON.

use std::error::Error;

use tokio_postgres::types::{FromSql, Type};

use crate::Failed;

use super::super::failure::{invalid, shown};
use super::super::rows::{Rows, Special};
use super::connection::Prepared;
use super::format::{CellError, Format};
use super::moment::{date, time, timestamp};
use super::{array, numeric};

/// The bytes of a value; absent for NULL.
pub(super) struct Raw<'a>(pub(super) Option<&'a [u8]>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Some(raw)))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Declares the types of the columns, and rejects those that the host cannot read before the statement runs.
pub(super) fn declare(out: &mut Rows, prepared: &Prepared) -> Result<(), Failed> {
    for (index, column) in prepared.statement.columns().iter().enumerate() {
        let format =
            Format::of(column.type_()).ok_or_else(|| unreadable(column.name(), column.type_()))?;
        if let Some(special) = format.special() {
            out.special(index, special)?;
        }
    }
    Ok(())
}

fn unreadable(name: &str, ty: &Type) -> Failed {
    let name = shown(name);
    invalid(format!(
        "the column `{name}` has the type `{}`, which the host cannot read; convert it, such as `{name}::text`",
        ty.name()
    ))
}

/// Writes a value.
pub(super) fn write(
    out: &mut Rows,
    index: usize,
    name: &str,
    ty: &Type,
    value: Option<&[u8]>,
) -> Result<(), Failed> {
    let Some(value) = value else {
        out.null();
        return Ok(());
    };
    let format = Format::of(ty).ok_or_else(|| unreadable(name, ty))?;
    let malformed = || {
        Failed::new(
            "sql",
            format!(
                "the server sent a value of the type `{}` that the host cannot read",
                ty.name()
            ),
        )
    };
    scalar(out, index, format, value).map_err(|error| match error {
        CellError::Malformed => malformed(),
        CellError::Failed(failed) => failed,
    })
}

fn bytes<const N: usize>(value: &[u8]) -> Result<[u8; N], CellError> {
    value.try_into().map_err(|_| CellError::Malformed)
}

fn utf8(value: &[u8]) -> Result<&str, CellError> {
    std::str::from_utf8(value).map_err(|_| CellError::Malformed)
}

/// Writes a value that is not NULL.
fn scalar(out: &mut Rows, index: usize, format: Format<'_>, value: &[u8]) -> Result<(), CellError> {
    match format {
        Format::Bool => out.raw(if bytes::<1>(value)? == [0] {
            b"false"
        } else {
            b"true"
        }),
        Format::Int2 => out.int(index, i16::from_be_bytes(bytes(value)?).into())?,
        Format::Int4 => out.int(index, i32::from_be_bytes(bytes(value)?).into())?,
        Format::Int8 => out.int(index, i64::from_be_bytes(bytes(value)?))?,
        Format::Oid => out.int(index, u32::from_be_bytes(bytes(value)?).into())?,
        Format::Float4 => out.float(index, f32::from_be_bytes(bytes(value)?))?,
        Format::Float8 => out.float(index, f64::from_be_bytes(bytes(value)?))?,
        Format::Numeric => {
            let text = numeric::text(value).ok_or(CellError::Malformed)?;
            out.special_text(index, Special::Decimal, text)?;
        }
        Format::Text => out.text(index, utf8(value)?)?,
        Format::Char => {
            let [byte] = bytes(value)?;
            out.text(index, char::from(byte).encode_utf8(&mut [0; 4]))?;
        }
        Format::Json => {
            out.fits(value.len())?;
            out.raw(value);
        }
        Format::Jsonb => {
            let json = value.strip_prefix(&[1]).ok_or(CellError::Malformed)?;
            out.fits(json.len())?;
            out.raw(json);
        }
        Format::Bytes => out.bytes(index, value)?,
        Format::Uuid => {
            let number = u128::from_be_bytes(bytes(value)?);
            let hex = format!("{number:032x}");
            let text = format!(
                "{}-{}-{}-{}-{}",
                &hex[..8],
                &hex[8..12],
                &hex[12..16],
                &hex[16..20],
                &hex[20..]
            );
            out.special_text(index, Special::Uuid, text)?;
        }
        Format::Timestamp { zone } => {
            out.special_text(
                index,
                Special::Timestamp,
                timestamp(i64::from_be_bytes(bytes(value)?), zone),
            )?;
        }
        Format::Date => out.special_text(
            index,
            Special::Date,
            date(i32::from_be_bytes(bytes(value)?)),
        )?,
        Format::Time => out.special_text(
            index,
            Special::Time,
            time(i64::from_be_bytes(bytes(value)?)),
        )?,
        Format::Void => out.null(),
        Format::Array(element) => {
            let format = Format::of(element).ok_or(CellError::Malformed)?;
            array::write(out, value, &|out, element| {
                scalar(out, index, format, element)
            })?;
        }
    }
    Ok(())
}
