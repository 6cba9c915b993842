//! Parameters: declared as OpenAPI 3.1 Parameter Objects, read from the path, the
//! query, the headers and the cookies, checked, and written as one JSON object.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use crate::coerce::Target;
use crate::decode;
use crate::problem::{FieldError, LocItem};
use crate::refusal::Refusal;
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

/// What parameters are read from, besides the path.
pub trait RequestHead {
    /// The query, still encoded, without `?`.
    fn query(&self) -> &str;
    /// Calls `each` with the value of every header field of a name in lower case.
    fn header(&self, name: &str, each: &mut dyn FnMut(&[u8]));
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

    fn loc(&self) -> Vec<LocItem> {
        vec![self.location.loc().into(), self.name.as_str().into()]
    }

    /// Adds one occurrence of the parameter to what was read of it before.
    fn take(&self, text: &str, slot: &mut Slot) {
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
    fn finish(&self, slot: Slot, errors: &mut Vec<FieldError>) -> Option<Value> {
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
struct Slot {
    value: Option<Value>,
    /// An occurrence could not be read as the declared type.
    refused: bool,
}

/// The parameters of a route: those of the path first, in its order.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    all: Vec<Parameter>,
    in_path: usize,
    has_query: bool,
}

impl Parameters {
    /// Orders the declared parameters by the names of the path.
    pub(crate) fn new(names: &[String], mut declared: Vec<Parameter>) -> Result<Self, String> {
        let mut all = Vec::new();
        for name in names {
            let at = declared
                .iter()
                .position(|p| p.location == Location::Path && p.name == *name);
            all.push(at.map_or_else(|| Parameter::undeclared(name), |at| declared.remove(at)));
        }
        if let Some(stray) = declared.iter().find(|p| p.location == Location::Path) {
            return Err(format!(
                "path parameter `{}` is declared but is not in the path",
                stray.name
            ));
        }
        let in_path = all.len();
        all.append(&mut declared);
        for (index, parameter) in all.iter().enumerate() {
            if all[..index].iter().any(|other| other.key == parameter.key) {
                return Err(format!(
                    "two parameters are called `{}`: give one of them another `key`",
                    parameter.key
                ));
            }
        }
        let has_query = all.iter().any(|p| p.location == Location::Query);
        Ok(Self {
            all,
            in_path,
            has_query,
        })
    }

    pub(crate) fn all(&self) -> &[Parameter] {
        &self.all
    }

    /// Reads, coerces and checks the parameters of one request, as a JSON object;
    /// empty when there are none to declare.
    pub(crate) fn read<'p>(
        &self,
        path: impl Iterator<Item = &'p str>,
        head: &impl RequestHead,
    ) -> Result<String, Refusal> {
        if self.all.is_empty() {
            return Ok(String::new());
        }
        let mut slots: Vec<Slot> = Vec::new();
        slots.resize_with(self.all.len(), Slot::default);
        for ((parameter, slot), text) in self.all[..self.in_path].iter().zip(&mut slots).zip(path) {
            let text = decode::percent(text)
                .map_err(|error| bad(&format!("path parameter `{}`", parameter.name), error))?;
            parameter.take(&text, slot);
        }
        if self.has_query {
            self.read_query(head.query(), &mut slots)?;
        }
        for (parameter, slot) in self.all.iter().zip(&mut slots) {
            match parameter.location {
                Location::Header => read_header(parameter, head, slot)?,
                Location::Cookie => read_cookie(parameter, head, slot)?,
                Location::Path | Location::Query => {}
            }
        }
        self.write(slots)
    }

    fn read_query(&self, query: &str, slots: &mut [Slot]) -> Result<(), Refusal> {
        for (name, value) in decode::raw_pairs(query) {
            let name = decode::form(name).map_err(|error| bad("a name in the query", error))?;
            let found = self
                .all
                .iter()
                .position(|p| p.location == Location::Query && p.name == name);
            if let Some(at) = found {
                let value = decode::form(value)
                    .map_err(|error| bad(&format!("query parameter `{name}`"), error))?;
                self.all[at].take(&value, &mut slots[at]);
            }
        }
        Ok(())
    }

    fn write(&self, slots: Vec<Slot>) -> Result<String, Refusal> {
        let mut errors = Vec::new();
        let mut object = serde_json::Map::new();
        for (parameter, slot) in self.all.iter().zip(slots) {
            if let Some(value) = parameter.finish(slot, &mut errors) {
                object.insert(parameter.key.clone(), value);
            }
        }
        if !errors.is_empty() {
            return Err(Refusal::Invalid(errors));
        }
        serde_json::to_string(&object).map_err(|error| Refusal::BadRequest(error.to_string()))
    }
}

fn bad(what: &str, error: decode::NotUtf8) -> Refusal {
    Refusal::BadRequest(format!("{what} cannot be read: {error}"))
}

/// Several fields of one name are one value, joined as RFC 9110, section 5.3 says.
fn read_header(
    parameter: &Parameter,
    head: &impl RequestHead,
    slot: &mut Slot,
) -> Result<(), Refusal> {
    let mut joined: Option<Vec<u8>> = None;
    head.header(&parameter.name, &mut |value| match &mut joined {
        None => joined = Some(value.to_vec()),
        Some(all) => {
            all.extend_from_slice(b", ");
            all.extend_from_slice(value);
        }
    });
    let Some(joined) = joined else { return Ok(()) };
    let text = String::from_utf8(joined)
        .map_err(|_| Refusal::BadRequest(format!("header `{}` is not UTF-8", parameter.name)))?;
    if let Target::Array(_) = parameter.target {
        for item in text.split(',') {
            parameter.take(item.trim(), slot);
        }
    } else {
        parameter.take(&text, slot);
    }
    Ok(())
}

fn read_cookie(
    parameter: &Parameter,
    head: &impl RequestHead,
    slot: &mut Slot,
) -> Result<(), Refusal> {
    let mut result = Ok(());
    head.header("cookie", &mut |value| {
        // Bytes that are not UTF-8 matter only in the cookie that is asked for.
        let text = String::from_utf8_lossy(value);
        let is_lossy = matches!(text, Cow::Owned(_));
        for (name, value) in decode::cookies(&text) {
            if name == parameter.name && is_lossy && value.contains('\u{fffd}') {
                result = Err(bad(&format!("cookie `{name}`"), decode::NotUtf8));
            } else if name == parameter.name {
                match decode::percent(value) {
                    Ok(value) => parameter.take(&value, slot),
                    Err(error) => {
                        result = Err(bad(&format!("cookie `{name}`"), error));
                    }
                }
            }
        }
    });
    result
}
