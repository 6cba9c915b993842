//! Visitors that accept more than the visitor they wrap.

use std::fmt;

use serde::de::{Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::types::ColumnType;

macro_rules! forward {
    ($($method:ident: $ty:ty),*) => {
        $(fn $method<E: Error>(self, value: $ty) -> Result<V::Value, E> {
            self.inner().$method(value)
        })*
    };
}

macro_rules! forward_scalars {
    () => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.inner_ref().expecting(f)
        }

        fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
            self.inner().visit_unit()
        }

        fn visit_none<E: Error>(self) -> Result<V::Value, E> {
            self.inner().visit_none()
        }
    };
}

macro_rules! forward_composites {
    () => {
        fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
            self.inner().visit_seq(seq)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
            self.inner().visit_map(map)
        }
    };
}

/// Accepts 0 and 1 as booleans.
pub(super) struct Boolean<V>(pub(super) V);

impl<V> Boolean<V> {
    fn inner(self) -> V {
        self.0
    }

    fn inner_ref(&self) -> &V {
        &self.0
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Boolean<V> {
    type Value = V::Value;

    forward_scalars!();
    forward_composites!();
    forward!(visit_bool: bool, visit_f64: f64, visit_str: &str, visit_i64: i64);

    fn visit_u64<E: Error>(self, value: u64) -> Result<V::Value, E> {
        match value {
            0 | 1 => self.0.visit_bool(value == 1),
            _ => self.0.visit_u64(value),
        }
    }
}

/// Accepts the text of a number.
pub(super) struct Numeric<V> {
    pub(super) visitor: V,
    pub(super) ty: ColumnType,
}

impl<V> Numeric<V> {
    fn inner(self) -> V {
        self.visitor
    }

    fn inner_ref(&self) -> &V {
        &self.visitor
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Numeric<V> {
    type Value = V::Value;

    forward_scalars!();
    forward_composites!();
    forward!(visit_bool: bool, visit_f64: f64, visit_u64: u64, visit_i64: i64);

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        if self.ty == ColumnType::Int {
            return match text.parse() {
                Ok(value) => self.visitor.visit_i64(value),
                Err(_) => self.visitor.visit_str(text),
            };
        }
        match text.parse() {
            Ok(value) => self.visitor.visit_f64(value),
            Err(_) => self.visitor.visit_str(text),
        }
    }
}

/// Accepts the JSON text of an array or object.
pub(super) struct Embedded<V>(pub(super) V);

impl<V> Embedded<V> {
    fn inner(self) -> V {
        self.0
    }

    fn inner_ref(&self) -> &V {
        &self.0
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Embedded<V> {
    type Value = V::Value;

    forward_scalars!();
    forward_composites!();
    forward!(visit_bool: bool, visit_f64: f64, visit_u64: u64, visit_i64: i64);

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        match serde_json::from_str::<Value>(text) {
            Ok(value @ (Value::Array(_) | Value::Object(_))) => value
                .into_deserializer()
                .deserialize_any(self.0)
                .map_err(E::custom),
            _ => self.0.visit_str(text),
        }
    }
}
