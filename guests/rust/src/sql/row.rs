//! Rows of a result.

use std::fmt;
use std::rc::Rc;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::columns::{ColumnDeserializer, RowDeserializer, Types};
use crate::OperationError;

/// A row: values by the names of their columns.
///
/// ```
/// # use spikard_wasm_sdk::{Database, OperationError, params};
/// # async fn example() -> Result<(), OperationError> {
/// # let database = Database::new("main");
/// for row in database.query("select id, name, email from users", ()).await? {
///     let id: i64 = row.get("id")?;
///     let email: Option<String> = row.get("email")?;
///     println!("{id} {}", row.get::<String>("name")?);
/// #   let _ = email;
/// }
/// # Ok(())
/// # }
/// ```
///
/// `Json(row)` and `Json(rows)` are replies of a handler.
#[derive(Clone, Debug, Default)]
pub struct Row {
    columns: Vec<(String, Value)>,
    types: Rc<Types>,
}

impl Row {
    /// Returns the value of a column.
    ///
    /// # Errors
    /// If there is no such column, or its value is not a `T` (code `conversion`).
    pub fn get<T: DeserializeOwned>(&self, column: &str) -> Result<T, OperationError> {
        let Some(value) = self.value(column) else {
            let names: Vec<_> = self.columns.iter().map(|(name, _)| &**name).collect();
            return Err(OperationError::conversion(format!(
                "there is no column `{column}`; the row has `{}`",
                names.join("`, `")
            )));
        };
        T::deserialize(ColumnDeserializer::new(value, self.types.of(column))).map_err(|error| {
            OperationError::conversion(format!("the column `{column}` does not fit: {error}"))
        })
    }

    /// Converts the row to a struct, a tuple, or the type of its only column.
    ///
    /// # Errors
    /// If the row is not a `T` (code `conversion`).
    pub fn to<T: DeserializeOwned>(&self) -> Result<T, OperationError> {
        let columns = self.columns.iter();
        let columns = columns.map(|(name, value)| (name.as_str(), value));
        let map = serde::de::value::MapDeserializer::new(columns);
        T::deserialize(RowDeserializer::new(map, &self.types))
            .map_err(|error: serde_json::Error| unfit::<T>(&error))
    }

    /// Returns the value of a column as the host sent it.
    #[must_use]
    pub fn value(&self, column: &str) -> Option<&Value> {
        let mut columns = self.columns.iter();
        columns
            .find(|(name, _)| name == column)
            .map(|(_, value)| value)
    }

    /// Returns the columns in order.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.columns.iter().map(|(name, value)| (&**name, value))
    }

    /// Reads the rows of a result.
    pub(super) fn read(json: &str, types: Types) -> Result<Vec<Self>, OperationError> {
        let mut rows: Vec<Self> = serde_json::from_str(json)
            .map_err(|error| OperationError::conversion(format!("not rows: {error}")))?;
        if !types.is_empty() {
            let types = Rc::new(types);
            rows.iter_mut().for_each(|row| row.types = types.clone());
        }
        Ok(rows)
    }
}

/// Returns the error for rows that are not a `T`.
pub(super) fn unfit<T>(error: &dyn fmt::Display) -> OperationError {
    let name = std::any::type_name::<T>();
    OperationError::conversion(format!("the row does not fit `{name}`: {error}"))
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.columns.len()))?;
        for (name, value) in &self.columns {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Columns;

        impl<'de> Visitor<'de> for Columns {
            type Value = Row;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
                let mut columns = Vec::new();
                while let Some(column) = map.next_entry()? {
                    columns.push(column);
                }
                Ok(Row {
                    columns,
                    types: Rc::default(),
                })
            }
        }

        deserializer.deserialize_map(Columns)
    }
}
