//! Parameters of a SQLite statement.

use rusqlite::Statement;
use rusqlite::types::{Null, ToSql, ToSqlOutput, ValueRef};

use crate::Failed;

use super::super::failure::{invalid, shown};
use super::super::param::Param;

/// Binds the parameters: `?` in order, `$1` and `?1` by number.
pub(super) fn bind(statement: &mut Statement<'_>, params: &[Param<'_>]) -> Result<(), Bind> {
    let count = statement.parameter_count();
    // SQLite numbers `$2` by its first use: its name tells which parameter it is.
    let mut most = 0;
    let mut numbered = false;
    for index in 1..=count {
        let number = match statement.parameter_name(index) {
            None => index,
            Some(name) => {
                numbered = true;
                name.strip_prefix(['$', '?'])
                    .and_then(|digits| digits.parse::<usize>().ok())
                    .filter(|number| *number > 0)
                    .ok_or_else(|| {
                        invalid(format!(
                            "the placeholder `{}` has a name; number it, such as `$1`",
                            shown(name)
                        ))
                    })?
            }
        };
        if numbered && statement.parameter_name(index).is_none() {
            // `?2` also creates the unnamed parameter 1.
            continue;
        }
        most = most.max(number);
        let Some(param) = params.get(number - 1) else {
            return Err(count_differs(number.max(most), params.len()).into());
        };
        let value = Bound::of(param, number)?;
        statement.raw_bind_parameter(index, value)?;
    }
    if most != params.len() {
        return Err(count_differs(most, params.len()).into());
    }
    Ok(())
}

fn count_differs(placeholders: usize, params: usize) -> Failed {
    invalid(format!(
        "the statement has {placeholders} placeholders, but {params} parameters were passed; pass one for each"
    ))
}

/// A failure of the arguments, or of SQLite.
pub(super) enum Bind {
    Arguments(Failed),
    Sqlite(rusqlite::Error),
}

impl From<Failed> for Bind {
    fn from(failed: Failed) -> Self {
        Self::Arguments(failed)
    }
}

impl From<rusqlite::Error> for Bind {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

enum Bound<'a> {
    Null,
    Integer(i64),
    Float(f64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl<'a> Bound<'a> {
    fn of(param: &'a Param<'_>, number: usize) -> Result<Self, Failed> {
        Ok(match param {
            Param::Null => Self::Null,
            Param::Bool(value) => Self::Integer((*value).into()),
            Param::Integer(value) => Self::Integer(*value),
            Param::Unsigned(value) => {
                return Err(invalid(format!(
                    "parameter {number} is {value}; SQLite integers end at {}",
                    i64::MAX
                )));
            }
            Param::Float(value) => Self::Float(*value),
            Param::Text(text) | Param::Typed(text) | Param::Json(text) => Self::Text(text),
            Param::Number(digits) => Self::number(digits, number)?,
            Param::Bytes(bytes) => Self::Bytes(bytes),
            Param::Array(_) => {
                return Err(invalid(format!(
                    "parameter {number} is an array, which SQLite does not have; pass `json` and read it with `json_each`"
                )));
            }
        })
    }

    /// Integers are integers, and decimals are text: a float would round them.
    fn number(digits: &'a str, number: usize) -> Result<Self, Failed> {
        if digits.contains(['.', 'e', 'E', 'N', 'I', '+']) {
            return Ok(Self::Text(digits));
        }
        digits.parse().map(Self::Integer).map_err(|_| {
            invalid(format!(
                "parameter {number} is an integer outside of the 64 bits of SQLite; pass it as text"
            ))
        })
    }
}

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => return Null.to_sql().map(|_| ToSqlOutput::Borrowed(ValueRef::Null)),
            Self::Integer(value) => ToSqlOutput::Borrowed(ValueRef::Integer(*value)),
            Self::Float(value) => ToSqlOutput::Borrowed(ValueRef::Real(*value)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}
