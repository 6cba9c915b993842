//! Converts the text of a parameter or form field to the JSON type that its schema
//! declares. `coercion_schema.rs` finds that type.

use serde_json::{Number, Value};

/// A scalar JSON type that text can be converted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scalar {
    /// The text itself.
    Text,
    /// An integer.
    Integer,
    /// A number.
    Number,
    /// `true`, `1`, `yes` or `on`; `false`, `0`, `no` or `off`; in any case.
    Boolean,
    /// Null, from an empty text.
    Null,
}

impl Scalar {
    /// Converts a text. `None` if it does not represent this type.
    pub(crate) fn read(self, text: &str) -> Option<Value> {
        match self {
            Self::Text => Some(Value::String(text.to_owned())),
            Self::Integer => integer(text).map(Value::Number),
            Self::Number => number(text).map(Value::Number),
            Self::Boolean => boolean(text).map(Value::Bool),
            Self::Null => text.is_empty().then_some(Value::Null),
        }
    }
}

/// Returns the value that an error shows for a text that matches none of `scalars`: the
/// number if an integer is expected and the text is a number with a fraction, else the
/// text.
pub(crate) fn rejected_value(scalars: &[Scalar], text: &str) -> Value {
    let fraction = scalars.contains(&Scalar::Integer).then(|| number(text));
    match fraction.flatten() {
        Some(number) if number.as_f64().is_some_and(|number| number.fract() != 0.0) => {
            Value::Number(number)
        }
        _ => Value::String(text.to_owned()),
    }
}

/// Parses decimal digits with an optional sign, within 64 bits.
fn integer(text: &str) -> Option<Number> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value = text.parse::<i64>().map(Number::from);
    value
        .or_else(|_| text.parse::<u64>().map(Number::from))
        .ok()
}

/// Parses an integer, or a decimal fraction with an optional exponent.
fn number(text: &str) -> Option<Number> {
    integer(text).or_else(|| {
        let decimal = text
            .bytes()
            .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
        if !decimal {
            return None;
        }
        // `from_f64` rejects infinities and NaN, which JSON cannot represent.
        text.parse::<f64>().ok().and_then(Number::from_f64)
    })
}

fn boolean(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&["true", "1", "yes", "on"]) {
        Some(true)
    } else if is(&["false", "0", "no", "off"]) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn reads() {
        assert_eq!(Scalar::Integer.read("007"), Some(json!(7)));
        let largest = "18446744073709551615";
        assert_eq!(Scalar::Integer.read(largest), Some(json!(u64::MAX)));
        assert_eq!(Scalar::Integer.read("18446744073709551616"), None);
        assert_eq!(Scalar::Integer.read("4.0"), None);
        assert_eq!(Scalar::Number.read("10"), Some(json!(10)));
        assert_eq!(Scalar::Number.read("1e3"), Some(json!(1000.0)));
        assert_eq!(Scalar::Number.read("inf"), None);
        assert_eq!(Scalar::Number.read("1e999"), None);
        assert_eq!(Scalar::Boolean.read("True"), Some(json!(true)));
        assert_eq!(Scalar::Boolean.read(""), None);
        assert_eq!(Scalar::Null.read(""), Some(json!(null)));
    }

    #[test]
    fn a_fraction_is_shown_as_the_number_it_is() {
        assert_eq!(rejected_value(&[Scalar::Integer], "42.5"), json!(42.5));
        assert_eq!(rejected_value(&[Scalar::Integer], "42.0"), json!("42.0"));
        assert_eq!(rejected_value(&[Scalar::Boolean], "42.5"), json!("42.5"));
    }

    proptest! {
        #[test]
        fn numbers_survive(value: i64, fraction: f32) {
            prop_assert_eq!(Scalar::Integer.read(&value.to_string()), Some(json!(value)));
            if fraction.is_finite() {
                let read = Scalar::Number.read(&format!("{fraction:e}")).unwrap();
                prop_assert_eq!(read.as_f64().unwrap() as f32, fraction);
            }
        }

        #[test]
        fn what_is_read_has_its_type(text in "\\PC*|[-+0-9.eE]{0,12}|(?i:true|no|on|0)") {
            let is = |scalar: Scalar, check: fn(&Value) -> bool| scalar.read(&text).is_none_or(|v| check(&v));
            prop_assert!(is(Scalar::Integer, |v| v.is_i64() || v.is_u64()));
            prop_assert!(is(Scalar::Number, Value::is_number));
            prop_assert!(is(Scalar::Boolean, Value::is_boolean));
            prop_assert!(is(Scalar::Null, Value::is_null));
            prop_assert_eq!(Scalar::Text.read(&text), Some(json!(text)));
        }
    }
}
