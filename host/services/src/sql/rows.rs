//! Rows as one JSON text, written cell by cell.

use std::io::Write as _;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::{Failed, Outcome, Payload};

use super::SqlLimits;
use super::failure::{invalid, result_too_large, shown};

/// Integers up to this are exact in every language's JSON.
const EXACT: u64 = (1 << 53) - 1;

/// Type of a column whose values JSON cannot express.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Special {
    Int,
    Decimal,
    Float,
    Bytes,
    Timestamp,
    Date,
    Time,
    Uuid,
}

impl Special {
    fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Decimal => "decimal",
            Self::Float => "float",
            Self::Bytes => "bytes",
            Self::Timestamp => "timestamp",
            Self::Date => "date",
            Self::Time => "time",
            Self::Uuid => "uuid",
        }
    }
}

struct Column {
    /// The name as a JSON string, with the colon, in `keys`.
    key: Range<usize>,
    special: Option<Special>,
    /// The column has contained plain text.
    text: bool,
}

/// Writer of the rows.
pub(super) struct Rows {
    limits: SqlLimits,
    keys: Vec<u8>,
    columns: Vec<Column>,
    buffer: Vec<u8>,
}

impl Rows {
    pub(super) fn new(limits: SqlLimits) -> Self {
        Self {
            limits,
            keys: Vec::new(),
            columns: Vec::new(),
            buffer: Vec::new(),
        }
    }

    /// Sets the names of the columns.
    pub(super) fn columns<'a>(
        &mut self,
        names: impl ExactSizeIterator<Item = &'a str>,
    ) -> Result<(), Failed> {
        self.columns.reserve_exact(names.len());
        self.buffer.reserve(128);
        for name in names {
            let start = self.keys.len();
            string(&mut self.keys, name);
            self.keys.push(b':');
            let key = start..self.keys.len();
            if self
                .columns
                .iter()
                .any(|other| self.keys[other.key.clone()] == self.keys[key.clone()])
            {
                return Err(invalid(format!(
                    "the result has two columns with the name `{0}`; rename one with `as`, such as `a.{0} as a_{0}`",
                    shown(name)
                )));
            }
            self.columns.push(Column {
                key,
                special: None,
                text: false,
            });
        }
        Ok(())
    }

    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    pub(super) fn begin_row(&mut self) {
        self.buffer
            .push(if self.buffer.is_empty() { b'[' } else { b',' });
        self.buffer.push(b'{');
    }

    pub(super) fn key(&mut self, column: usize) {
        if column > 0 {
            self.buffer.push(b',');
        }
        self.buffer
            .extend_from_slice(&self.keys[self.columns[column].key.clone()]);
    }

    pub(super) fn end_row(&mut self) -> Result<(), Failed> {
        self.buffer.push(b'}');
        self.fits(1)
    }

    /// Checks that `more` bytes fit into the limit.
    pub(super) fn fits(&self, more: usize) -> Result<(), Failed> {
        if self.buffer.len().saturating_add(more) > self.limits.result_bytes {
            return Err(result_too_large(&self.limits));
        }
        Ok(())
    }

    /// Appends JSON as it is.
    pub(super) fn raw(&mut self, json: &[u8]) {
        self.buffer.extend_from_slice(json);
    }

    pub(super) fn null(&mut self) {
        self.raw(b"null");
    }

    pub(super) fn int(&mut self, column: usize, value: i64) -> Result<(), Failed> {
        if value.unsigned_abs() <= EXACT {
            number(&mut self.buffer, value);
            return Ok(());
        }
        self.special(column, Special::Int)?;
        self.buffer.push(b'"');
        number(&mut self.buffer, value);
        self.buffer.push(b'"');
        Ok(())
    }

    pub(super) fn float<T: Into<f64> + serde::Serialize + Copy>(
        &mut self,
        column: usize,
        value: T,
    ) -> Result<(), Failed> {
        let wide: f64 = value.into();
        if wide.is_finite() {
            number(&mut self.buffer, value);
            return Ok(());
        }
        self.special(column, Special::Float)?;
        self.raw(if wide.is_nan() {
            b"\"NaN\""
        } else if wide > 0.0 {
            b"\"Infinity\""
        } else {
            b"\"-Infinity\""
        });
        Ok(())
    }

    /// Plain text.
    pub(super) fn text(&mut self, column: usize, value: &str) -> Result<(), Failed> {
        self.fits(value.len())?;
        self.columns[column].text = true;
        if let Some(special) = self.columns[column].special {
            return Err(self.mixed(column, special));
        }
        string(&mut self.buffer, value);
        Ok(())
    }

    pub(super) fn bytes(&mut self, column: usize, value: &[u8]) -> Result<(), Failed> {
        self.fits(value.len() / 3 * 4)?;
        self.special(column, Special::Bytes)?;
        self.buffer.push(b'"');
        let start = self.buffer.len();
        self.buffer.resize(start + value.len().div_ceil(3) * 4, 0);
        let written = STANDARD
            .encode_slice(value, &mut self.buffer[start..])
            .unwrap_or(0);
        self.buffer.truncate(start + written);
        self.buffer.push(b'"');
        Ok(())
    }

    /// Text of a special type, which needs no escapes.
    pub(super) fn special_text(
        &mut self,
        column: usize,
        special: Special,
        value: impl std::fmt::Display,
    ) -> Result<(), Failed> {
        self.special(column, special)?;
        // Writing to a vector cannot fail.
        let _ = write!(self.buffer, "\"{value}\"");
        Ok(())
    }

    /// Records that the column has values of this type.
    pub(super) fn special(&mut self, column: usize, special: Special) -> Result<(), Failed> {
        let state = &mut self.columns[column];
        if state.special == Some(special) && !state.text {
            return Ok(());
        }
        if state.text || state.special.is_some() {
            return Err(self.mixed(column, special));
        }
        state.special = Some(special);
        Ok(())
    }

    /// A reader could not tell the values apart: SQLite columns can contain any type.
    fn mixed(&self, column: usize, special: Special) -> Failed {
        let key = &self.keys[self.columns[column].key.clone()];
        let name = String::from_utf8_lossy(&key[..key.len() - 1]);
        let name = name.trim_matches('"');
        Failed::new(
            "sql",
            format!(
                "the column `{}` contains values of the type `{}` beside text or values of another type; convert them, such as \
                 `cast({0} as text) as {0}`",
                shown(name),
                special.name()
            ),
        )
    }

    /// Ends the rows.
    pub(super) fn finish(mut self, changes: u64, last_id: Option<i64>) -> Result<Outcome, Failed> {
        if self.buffer.is_empty() {
            self.buffer.push(b'[');
        }
        self.buffer.push(b']');
        let mut head = Vec::with_capacity(32);
        head.extend_from_slice(b"{\"changes\":");
        number(&mut head, changes);
        if let Some(id) = last_id {
            head.extend_from_slice(b",\"last_id\":");
            if id.unsigned_abs() <= EXACT {
                number(&mut head, id);
            } else {
                string(&mut head, &id.to_string());
            }
        }
        let mut separator: &[u8] = b",\"types\":{";
        for column in &self.columns {
            if let Some(special) = column.special {
                head.extend_from_slice(separator);
                head.extend_from_slice(&self.keys[column.key.clone()]);
                string(&mut head, special.name());
                separator = b",";
            }
        }
        if separator == b"," {
            head.push(b'}');
        }
        head.push(b'}');
        let text = |bytes| {
            String::from_utf8(bytes).map_err(|_| Failed::new("sql", "the result is not UTF-8"))
        };
        Ok(Outcome::new(text(head)?, Payload::Json(text(self.buffer)?)))
    }
}

/// Writes a JSON string.
pub(super) fn string(buffer: &mut Vec<u8>, value: &str) {
    // Neither a string nor a vector can make it fail.
    let _ = serde_json::to_writer(buffer, value);
}

fn number<T: serde::Serialize>(buffer: &mut Vec<u8>, value: T) {
    let _ = serde_json::to_writer(buffer, &value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(write: impl FnOnce(&mut Rows) -> Result<(), Failed>) -> (String, String) {
        let mut rows = Rows::new(SqlLimits::default());
        rows.columns(["a\"b"].into_iter()).unwrap();
        rows.begin_row();
        rows.key(0);
        write(&mut rows).unwrap();
        rows.end_row().unwrap();
        let outcome = rows.finish(3, Some(7)).unwrap();
        (
            outcome.head,
            String::from_utf8(outcome.body.as_bytes().to_vec()).unwrap(),
        )
    }

    #[test]
    fn exact_integers_are_numbers_and_others_strings() {
        let plain = r#"{"changes":3,"last_id":7}"#.to_owned();
        let exact = 9_007_199_254_740_991;
        assert_eq!(
            one(|rows| rows.int(0, -exact)),
            (plain, r#"[{"a\"b":-9007199254740991}]"#.to_owned())
        );
        let (head, body) = one(|rows| rows.int(0, exact + 1));
        assert_eq!(head, r#"{"changes":3,"last_id":7,"types":{"a\"b":"int"}}"#);
        assert_eq!(body, r#"[{"a\"b":"9007199254740992"}]"#);
    }

    #[test]
    fn special_floats_and_bytes() {
        assert_eq!(one(|rows| rows.float(0, f64::NAN)).1, r#"[{"a\"b":"NaN"}]"#);
        assert_eq!(
            one(|rows| rows.float(0, f32::NEG_INFINITY)).1,
            r#"[{"a\"b":"-Infinity"}]"#
        );
        assert_eq!(one(|rows| rows.float(0, 0.1_f32)).1, r#"[{"a\"b":0.1}]"#);
        assert_eq!(
            one(|rows| rows.bytes(0, &[255; 4])).1,
            r#"[{"a\"b":"/////w=="}]"#
        );
        assert_eq!(
            one(|rows| rows.text(0, "a\0\u{1f600}")).1,
            "[{\"a\\\"b\":\"a\\u0000\u{1f600}\"}]"
        );
    }

    #[test]
    fn limits_and_mixed_columns() {
        let mut rows = Rows::new(SqlLimits {
            result_bytes: 20,
            ..SqlLimits::default()
        });
        rows.columns(["a"].into_iter()).unwrap();
        rows.begin_row();
        assert!(
            rows.text(0, "0123456789012345678")
                .unwrap_err()
                .message
                .contains("in pages")
        );
        rows.key(0);
        rows.text(0, "x").unwrap();
        assert!(
            rows.bytes(0, b"x")
                .unwrap_err()
                .message
                .contains("`a` contains")
        );
        let failed = Rows::new(SqlLimits::default())
            .columns(["id", "id"].into_iter())
            .unwrap_err();
        assert!(
            failed.message.contains("two columns with the name `id`"),
            "{}",
            failed.message
        );
    }
}
