//! Deserializes arguments from `params`, the JSON object of all parameters of a route.
//!
//! Several arguments read the same object, so each reads only its own members: a struct reads
//! its fields by name; a tuple or a single value of [`Path`](crate::Path) reads the names of the
//! pattern in order. Nothing is cached, so the first call of an instance is as fast as later
//! ones.

use std::borrow::Cow;
use std::cell::RefCell;

use serde::de::value::CowStrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde::{Deserialize, Deserializer};
use serde_json::Error;
use serde_json::value::RawValue;

use crate::declare::Source;
use crate::{Reply, error, integers, pattern};

/// Reads `T` from the parameters of a route. The host has validated them, so an error means that
/// a value matches its schema but not its Rust type, such as `300` for a `u8`.
pub(crate) fn read<T: DeserializeOwned>(
    json: &str,
    pattern: &str,
    source: Source,
) -> Result<T, Reply> {
    let json = if json.is_empty() { "{}" } else { json };
    let current = RefCell::new(String::new());
    let deserialize = |json: &str| {
        T::deserialize(Params {
            json,
            pattern,
            current: &current,
        })
    };
    integers::read(json, deserialize).map_err(|cause| {
        let name = current.take();
        let mut place = vec![source.as_str()];
        place.extend((!name.is_empty()).then_some(name.as_str()));
        error::invalid(&place, &cause.to_string())
    })
}

#[derive(Clone, Copy)]
struct Params<'de, 'a> {
    json: &'de str,
    pattern: &'a str,
    /// The parameter being read, for the error message.
    current: &'a RefCell<String>,
}

impl<'de> Params<'de, '_> {
    fn value(&self, name: &str) -> Result<&'de str, Error> {
        name.clone_into(&mut self.current.borrow_mut());
        let mut json = serde_json::Deserializer::from_str(self.json);
        let found = json.deserialize_map(MemberFinder(name))?;
        found
            .map(RawValue::get)
            .ok_or_else(|| Error::custom("the parameter is missing"))
    }

    fn single(&self) -> Result<serde_json::Deserializer<serde_json::de::StrRead<'de>>, Error> {
        let name = pattern::names(self.pattern).next().unwrap_or_default();
        Ok(serde_json::Deserializer::from_str(self.value(name)?))
    }

    fn map<V: Visitor<'de>>(
        self,
        fields: Option<&'static [&'static str]>,
        visitor: V,
    ) -> Result<V::Value, Error> {
        let mut json = serde_json::Deserializer::from_str(self.json);
        json.deserialize_map(Members {
            visitor,
            fields,
            current: self.current,
        })
    }

    fn sequence<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(PathValues {
            params: self,
            names: pattern::names(self.pattern),
        })
    }
}

macro_rules! single_value {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.single()?.$method(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Params<'de, '_> {
    type Error = Error;

    single_value! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32
        deserialize_f64 deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf deserialize_identifier
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.map(None, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.sequence(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.sequence(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.sequence(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.map(None, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.map(Some(fields), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.single()?.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

/// The name of a member, borrowed if it has no escapes.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// Finds the raw JSON of one member.
struct MemberFinder<'a>(&'a str);

impl<'de> Visitor<'de> for MemberFinder<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object of parameters")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(Key(key)) = map.next_key()? {
            if key == self.0 {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Passes a visitor the members that it has fields for.
struct Members<'a, V> {
    visitor: V,
    fields: Option<&'static [&'static str]>,
    current: &'a RefCell<String>,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Members<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        let members = MemberFilter {
            map,
            fields: self.fields,
            current: self.current,
            key: Cow::Borrowed(""),
        };
        self.visitor.visit_map(members)
    }
}

struct MemberFilter<'de, 'a, A> {
    map: A,
    fields: Option<&'static [&'static str]>,
    current: &'a RefCell<String>,
    key: Cow<'de, str>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for MemberFilter<'de, '_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(Key(key)) = self.map.next_key()? {
            if self.fields.is_none_or(|fields| fields.contains(&&*key)) {
                self.key = key.clone();
                return seed.deserialize(CowStrDeserializer::new(key)).map(Some);
            }
            self.map.next_value::<IgnoredAny>()?;
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.map.next_value_seed(seed).inspect_err(|_| {
            self.key.as_ref().clone_into(&mut self.current.borrow_mut());
        })
    }
}

/// The values of the names in a pattern, in order.
struct PathValues<'de, 'a, I> {
    params: Params<'de, 'a>,
    names: I,
}

impl<'de, 'a, I: Iterator<Item = &'a str>> SeqAccess<'de> for PathValues<'de, 'a, I> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let Some(name) = self.names.next() else {
            return Ok(None);
        };
        let value = self.params.value(name)?;
        seed.deserialize(&mut serde_json::Deserializer::from_str(value))
            .map(Some)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;
    use crate::Content;

    fn path<T: DeserializeOwned>(json: &str, pattern: &str) -> Result<T, String> {
        read(json, pattern, Source::Path).map_err(|reply| {
            let (status, _, content) = reply.finish(None).expect("a reply");
            assert_eq!(status, 422);
            let Content::Json(text) = content else {
                panic!("{content:?}")
            };
            let document: Value = serde_json::from_str(&text).expect("json");
            let error = &document["errors"][0];
            format!("{} {}", error["loc"], error["msg"])
        })
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Named {
        org: String,
        id: u8,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Id(u64);

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Small,
    }

    #[test]
    fn a_path_is_a_value_a_tuple_or_a_struct() {
        let json = r#"{"id":7,"org":"a\u0041","page":2}"#;
        let pattern = "/{org}/{id}";
        assert_eq!(path(json, pattern), Ok(("aA".to_owned(), 7u16)));
        assert_eq!(
            path(json, pattern),
            Ok(Named {
                org: "aA".to_owned(),
                id: 7
            })
        );
        assert_eq!(path(json, "/{id}"), Ok(7i64));
        assert_eq!(path(json, "/{id}"), Ok(7.0f64));
        assert_eq!(path(json, "/{id}"), Ok(Id(7)));
        assert_eq!(path(json, "/{org}"), Ok("aA".to_owned()));
        assert_eq!(path(r#"{"kind":"small"}"#, "/{kind}"), Ok(Kind::Small));
        let map = path::<BTreeMap<String, Value>>(json, pattern).expect("a map");
        assert_eq!(map.keys().collect::<Vec<_>>(), ["id", "org", "page"]);
        assert_eq!(path("", "/"), Ok(()));
    }

    #[test]
    fn what_rust_refuses_is_named() {
        let json = r#"{"id":300,"org":"a"}"#;
        let expected = "[\"path\",\"id\"] \"invalid value: integer `300`, expected u8";
        for refused in [
            path::<u8>(json, "/{id}").map(drop),
            path::<(String, u8)>(json, "/{org}/{id}").map(drop),
            path::<Named>(json, "/{org}/{id}").map(drop),
        ] {
            let message = refused.expect_err("refused");
            assert!(message.starts_with(expected), "{message}");
        }
        let missing = path::<u8>("", "/{id}").expect_err("refused");
        assert_eq!(missing, "[\"path\",\"id\"] \"the parameter is missing\"");
    }
}
