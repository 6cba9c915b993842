//! One parameter: declared as an OpenAPI 3.1 Parameter Object, coerced from text and
//! checked. `params.rs` reads a route's parameters from a request.

use serde::Deserialize;
use serde_json::Value;

use crate::coerce::Target;
use crate::problem::{FieldError, LocItem};
use crate::schema::Schema;

/// Where a parameter stands in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Location {
    /// A segment of the path.
    Path,
    /// The query.
    Query,
    /// A header.
    Header,
    /// A cookie.
    Cookie,
}

impl Location {
    /// The first step of `loc` in a validation error.
    fn loc(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "headers",
            Self::Cookie => "cookie",
        }
    }
}

/// A declared parameter.
#[derive(Debug)]
pub struct Parameter {
    name: String,
    key: String,
    location: Location,
    required: bool,
    target: Target,
    /// Absent where the type says all there is to check.
    schema: Option<Schema>,
    default: Option<Value>,
}

/// A Parameter Object as it is declared.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    name: String,
    r#in: Location,
    required: Option<bool>,
    schema: Option<Value>,
    key: Option<String>,
    style: Option<String>,
    explode: Option<bool>,
    // Words for people, which change nothing here.
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(rename = "deprecated")]
    _deprecated: Option<bool>,
    #[serde(rename = "example")]
    _example: Option<Value>,
    #[serde(rename = "examples")]
    _examples: Option<Value>,
}

/// The keywords that `Target` covers or that check nothing.
const PLAIN: [&str; 9] = [
    "type",
    "title",
    "description",
    "default",
    "example",
    "examples",
    "deprecated",
    "$schema",
    "$id",
];

impl Parameter {
    /// Reads a JSON array of Parameter Objects; an empty text declares none.
    pub(crate) fn parse_all(text: &str) -> Result<Vec<Self>, String> {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let declared: Vec<Declared> = serde_json::from_str(text)
            .map_err(|error| format!("its parameters are not Parameter Objects: {error}"))?;
        declared.into_iter().map(Self::check).collect()
    }

    fn check(declared: Declared) -> Result<Self, String> {
        let Declared {
            name,
            r#in: location,
            ..
        } = declared;
        let style = if matches!(location, Location::Query | Location::Cookie) {
            ("form", true)
        } else {
            ("simple", false)
        };
        let asked = (
            declared.style.as_deref().unwrap_or(style.0),
            declared.explode.unwrap_or(style.1),
        );
        if asked != style {
            return Err(format!(
                "parameter `{name}` asks for style `{}` (explode {}), and this host reads only `{}` (explode {}) there",
                asked.0, asked.1, style.0, style.1
            ));
        }
        let value = declared.schema.unwrap_or(Value::Bool(true));
        let schema = Schema::compile(&value)
            .map_err(|error| format!("the schema of parameter `{name}` is wrong: {error}"))?;
        let target = Target::of(&value, &value);
        let plain = !matches!(target, Target::Array(_) | Target::Json | Target::Null)
            && value.as_object().is_none_or(|object| {
                object
                    .keys()
                    .all(|keyword| PLAIN.contains(&keyword.as_str()))
            });
        Ok(Self {
            key: declared.key.unwrap_or_else(|| name.clone()),
            name: match location {
                Location::Header => name.to_ascii_lowercase(),
                _ => name,
            },
            location,
            required: declared.required.unwrap_or(location == Location::Path),
            target,
            schema: (!plain || value == Value::Bool(false)).then_some(schema),
            default: value.get("default").cloned(),
        })
    }

    /// A path parameter that is not declared: a string.
    pub(crate) fn undeclared(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            key: name.to_owned(),
            location: Location::Path,
            required: true,
            target: Target::Text,
            schema: None,
            default: None,
        }
    }

    /// Its name in the request.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its name in the object that a handler gets.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Where it stands in the request.
    #[must_use]
    pub fn location(&self) -> Location {
        self.location
    }

    /// Whether it takes one value for each occurrence.
    pub(crate) fn is_array(&self) -> bool {
        matches!(self.target, Target::Array(_))
    }

    fn loc(&self) -> Vec<LocItem> {
        vec![self.location.loc().into(), self.name.as_str().into()]
    }

    /// Adds one occurrence of the parameter to what was read of it before.
    pub(crate) fn take(&self, text: &str, slot: &mut Slot) {
        let read = self.target.read(text);
        let refused = read.is_err();
        let (Ok(value) | Err(value)) = read;
        match (value, &mut slot.value) {
            (Value::Array(mut items), Some(Value::Array(all))) => {
                all.append(&mut items);
                slot.refused |= refused;
            }
            // Of a value that is not a list the last occurrence counts.
            (value, found) => {
                *found = Some(value);
                slot.refused = refused;
            }
        }
    }

    /// Checks what was read; `None` is an optional parameter that is not there.
    pub(crate) fn finish(&self, slot: Slot, errors: &mut Vec<FieldError>) -> Option<Value> {
        let Some(value) = slot.value else {
            if self.default.is_none() && self.required {
                errors.push(FieldError::missing(self.loc(), Value::Null));
            }
            return self.default.clone();
        };
        match &self.schema {
            Some(schema) if slot.refused || !schema.is_valid(&value) => {
                let before = errors.len();
                schema.collect(&value, &self.loc(), errors);
                if errors.len() == before {
                    errors.push(self.wrong_type(value));
                    return None;
                }
            }
            None if slot.refused => errors.push(self.wrong_type(value)),
            _ => return Some(value),
        }
        None
    }

    fn wrong_type(&self, input: Value) -> FieldError {
        let item = match &self.target {
            Target::Array(item) => item,
            other => other,
        };
        let (kind, msg) = match item {
            Target::Integer => (
                "int_parsing",
                "integer, unable to parse string as an integer",
            ),
            Target::Number => (
                "float_parsing",
                "number, unable to parse string as a number",
            ),
            Target::Boolean => ("bool_parsing", "boolean, unable to interpret input"),
            _ => ("json_invalid", "JSON text"),
        };
        FieldError {
            kind,
            loc: self.loc(),
            msg: format!("Input should be a valid {msg}"),
            input,
            ctx: None,
        }
    }
}

/// What was read of one parameter so far.
#[derive(Default)]
pub(crate) struct Slot {
    value: Option<Value>,
    /// An occurrence could not be read as the declared type.
    refused: bool,
}
