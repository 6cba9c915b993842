//! Common forms of declarations.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A declared policy: off, or on with its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Switch<T> {
    /// `false`.
    Off,
    /// An object, or `true` if the policy has no required members.
    On(T),
}

/// Decides which declaration of a policy applies: a declaration replaces the inherited one,
/// and `false` turns the policy off.
pub(crate) fn resolve<'s, S, T>(
    declared: &'s Option<Switch<S>>,
    inherited: Option<T>,
    enable: impl FnOnce(&'s S) -> T,
) -> Option<T> {
    match declared {
        None => inherited,
        Some(Switch::Off) => None,
        Some(Switch::On(spec)) => Some(enable(spec)),
    }
}

/// A policy declaration that can be written as `true`.
pub(crate) trait FromTrue {
    /// Returns the declaration for `true`.
    ///
    /// # Errors
    /// Names the required members.
    fn from_true() -> Result<Self, &'static str>
    where
        Self: Sized;
}

impl<'de, T: Deserialize<'de> + FromTrue> Deserialize<'de> for Switch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SwitchVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de> + FromTrue> Visitor<'de> for SwitchVisitor<T> {
            type Value = Switch<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match T::from_true() {
                    Ok(_) => "true, false or an object",
                    Err(_) => "false or an object",
                })
            }

            fn visit_bool<E: Error>(self, on: bool) -> Result<Self::Value, E> {
                if !on {
                    return Ok(Switch::Off);
                }
                T::from_true()
                    .map(Switch::On)
                    .map_err(|missing| E::custom(format!("`true` is not enough here; {missing}")))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Switch::On)
            }
        }

        deserializer.deserialize_any(SwitchVisitor(PhantomData))
    }
}

/// A list of strings, or a single string.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OneOrMany(pub Vec<String>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrManyVisitor;

        impl<'de> Visitor<'de> for OneOrManyVisitor {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(OneOrMany(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
                Deserialize::deserialize(SeqAccessDeserializer::new(list)).map(OneOrMany)
            }
        }

        deserializer.deserialize_any(OneOrManyVisitor)
    }
}
