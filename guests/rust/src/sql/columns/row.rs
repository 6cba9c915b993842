//! The deserializer of a row: a struct or map by the names of the columns, a tuple by their order,
//! or the value of the only column.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::column::ColumnDeserializer;
use super::types::{ColumnType, Types};

/// Deserializes a row.
pub(crate) struct RowDeserializer<'t, D> {
    inner: D,
    types: &'t Types,
}

impl<'t, D> RowDeserializer<'t, D> {
    pub(crate) fn new(inner: D, types: &'t Types) -> Self {
        Self { inner, types }
    }
}

impl<'de, D: Deserializer<'de>> RowDeserializer<'_, D> {
    fn first(self) -> Result<ColumnDeserializer<Value>, D::Error> {
        self.inner.deserialize_map(Only { types: self.types })
    }
}

macro_rules! only_column {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.first()?.$method(visitor).map_err(D::Error::custom)
        })*
    };
}

macro_rules! all_columns {
    ($($method:ident($($argument:ty),*))*) => {
        $(fn $method<V: Visitor<'de>>(
            self,
            $(_: $argument,)*
            visitor: V,
        ) -> Result<V::Value, D::Error> {
            self.inner.deserialize_map(Columns { visitor, types: self.types })
        })*
    };
}

macro_rules! columns_in_order {
    ($($method:ident($($argument:ty),*))*) => {
        $(fn $method<V: Visitor<'de>>(
            self,
            $(_: $argument,)*
            visitor: V,
        ) -> Result<V::Value, D::Error> {
            self.inner.deserialize_map(InOrder { visitor, types: self.types })
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for RowDeserializer<'_, D> {
    type Error = D::Error;

    all_columns! {
        deserialize_any()
        deserialize_map()
        deserialize_struct(&'static str, &'static [&'static str])
        deserialize_ignored_any()
    }

    columns_in_order! {
        deserialize_tuple(usize)
        deserialize_tuple_struct(&'static str, usize)
    }

    only_column! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_u128 deserialize_f32 deserialize_f64 deserialize_char deserialize_str
        deserialize_string deserialize_bytes deserialize_byte_buf deserialize_option
        deserialize_unit deserialize_seq deserialize_identifier
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let column = self.first()?;
        let value = column.deserialize_unit_struct(name, visitor);
        value.map_err(D::Error::custom)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let column = self.first()?;
        let value = column.deserialize_enum(name, variants, visitor);
        value.map_err(D::Error::custom)
    }
}

/// Reads a value of a column of a type.
struct ColumnSeed<S> {
    seed: S,
    ty: ColumnType,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for ColumnSeed<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.seed
            .deserialize(ColumnDeserializer::new(inner, self.ty))
    }
}

/// Visits a row as a map.
struct Columns<'t, V> {
    visitor: V,
    types: &'t Types,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Columns<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(ColumnAccess {
            map,
            types: self.types,
            name: String::new(),
        })
    }
}

struct ColumnAccess<'t, A> {
    map: A,
    types: &'t Types,
    /// The name of the column whose value is next.
    name: String,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for ColumnAccess<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        self.name.clear();
        let Some(name) = self.map.next_key_seed(NameSeed(&mut self.name))? else {
            return Ok(None);
        };
        let () = name;
        let name = serde::de::value::StrDeserializer::<A::Error>::new(&self.name);
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let ty = self.types.of(&self.name);
        self.map
            .next_value_seed(ColumnSeed { seed, ty })
            .map_err(|error| A::Error::custom(format!("column `{}`: {error}", self.name)))
    }

    fn size_hint(&self) -> Option<usize> {
        self.map.size_hint()
    }
}

/// Reads the name of a column into a buffer.
struct NameSeed<'b>(&'b mut String);

impl<'de> DeserializeSeed<'de> for NameSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NameSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a column")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<(), E> {
        self.0.push_str(name);
        Ok(())
    }
}

/// Visits the values of a row as a sequence.
struct InOrder<'t, V> {
    visitor: V,
    types: &'t Types,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for InOrder<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        let mut access = InOrderAccess(ColumnAccess {
            map,
            types: self.types,
            name: String::new(),
        });
        let value = self.visitor.visit_seq(&mut access)?;
        // A deserializer of a map must read it to its end.
        while access
            .0
            .next_entry::<serde::de::IgnoredAny, serde::de::IgnoredAny>()?
            .is_some()
        {}
        Ok(value)
    }
}

struct InOrderAccess<'t, A>(ColumnAccess<'t, A>);

impl<'de, A: MapAccess<'de>> SeqAccess<'de> for InOrderAccess<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        match self.0.next_key_seed(PhantomData::<serde::de::IgnoredAny>)? {
            Some(_) => self.0.next_value_seed(seed).map(Some),
            None => Ok(None),
        }
    }
}

/// Takes the value of the only column.
struct Only<'t> {
    types: &'t Types,
}

impl<'de> Visitor<'de> for Only<'_> {
    type Value = ColumnDeserializer<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row with one column")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Some((name, value)) = map.next_entry::<String, Value>()? else {
            return Err(A::Error::custom("the row has no column"));
        };
        if let Some(second) = map.next_key::<String>()? {
            return Err(A::Error::custom(format!(
                "the row has more than one column, `{name}` and `{second}`; use a struct or a tuple"
            )));
        }
        Ok(ColumnDeserializer::new(value, self.types.of(&name)))
    }
}

/// Reads all rows of a result.
pub(crate) fn read<'de, T: Deserialize<'de>>(
    json: &'de str,
    types: &Types,
) -> Result<Vec<T>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    deserializer.deserialize_seq(Rows {
        types,
        row: PhantomData,
    })
}

struct Rows<'t, T> {
    types: &'t Types,
    row: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Rows<'_, T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = seq.next_element_seed(RowSeed {
            types: self.types,
            row: PhantomData,
        })? {
            rows.push(row);
        }
        Ok(rows)
    }
}

struct RowSeed<'t, T> {
    types: &'t Types,
    row: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for RowSeed<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<T, D::Error> {
        T::deserialize(RowDeserializer::new(inner, self.types))
    }
}
