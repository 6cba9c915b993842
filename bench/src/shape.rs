//! JSON replies whose values are random: a shape describes their members.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// JSON in which a string `integer:LOW:HIGH` stands for any integer in this range; everything else stands for
/// itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// An integer in this range.
    Integer(i64, i64),
    /// An object with exactly these members.
    Object(Vec<(String, Shape)>),
    /// An array of this many elements, all of one shape.
    List(usize, Box<Shape>),
    /// This value.
    Exactly(Value),
}

impl Shape {
    /// Parses a shape.
    pub fn parse(text: &str) -> Result<Self> {
        let value = serde_json::from_str(text);
        Self::new(value.with_context(|| format!("the shape `{text}` is not JSON"))?)
    }

    fn new(value: Value) -> Result<Self> {
        Ok(match value {
            Value::Object(members) => {
                let member = |(name, value)| Ok((name, Self::new(value)?));
                Self::Object(members.into_iter().map(member).collect::<Result<_>>()?)
            }
            Value::String(text) if text.starts_with("integer:") => {
                let range = text["integer:".len()..].split_once(':');
                let Some((Ok(low), Ok(high))) =
                    range.map(|(low, high)| (low.parse(), high.parse()))
                else {
                    bail!("`{text}` is not a range: use `integer:LOW:HIGH`");
                };
                Self::Integer(low, high)
            }
            other => Self::Exactly(other),
        })
    }

    /// Returns true if a value has this shape.
    pub fn fits(&self, value: &Value) -> bool {
        match self {
            Self::Integer(low, high) => value
                .as_i64()
                .is_some_and(|it| (*low..=*high).contains(&it)),
            Self::Object(members) => value.as_object().is_some_and(|object| {
                let fits = |(name, shape): &(String, Self)| {
                    object.get(name).is_some_and(|value| shape.fits(value))
                };
                object.len() == members.len() && members.iter().all(fits)
            }),
            Self::List(length, shape) => value
                .as_array()
                .is_some_and(|list| list.len() == *length && list.iter().all(|it| shape.fits(it))),
            Self::Exactly(wanted) => wanted == value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ranges_names_and_lengths_are_checked() {
        let row = Shape::parse(r#"{"id":"integer:1:10","kind":"a"}"#).unwrap();
        assert!(row.fits(&json!({ "kind": "a", "id": 10 })));
        for wrong in [
            json!({ "kind": "a", "id": 11 }),
            json!({ "kind": "a", "id": "3" }),
            json!({ "kind": "a", "id": 3.5 }),
            json!({ "kind": "b", "id": 3 }),
            json!({ "kind": "a", "id": 3, "more": 1 }),
            json!({ "id": 3 }),
        ] {
            assert!(!row.fits(&wrong), "{wrong}");
        }
        let list = Shape::List(2, Box::new(Shape::Integer(1, 3)));
        assert!(list.fits(&json!([1, 3])));
        assert!(!list.fits(&json!([1])) && !list.fits(&json!([1, 4])));
    }

    #[test]
    fn an_invalid_range_is_an_error() {
        let error = Shape::parse(r#"{"id":"integer:1"}"#).unwrap_err();
        assert!(error.to_string().contains("`integer:1`"), "{error}");
    }
}
