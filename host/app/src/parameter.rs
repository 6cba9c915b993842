//! One parameter: declared as an OpenAPI 3.1 Parameter Object, coerced from text and
//! checked. `params.rs` reads a route's parameters from a request.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::bracket::{BracketError, Step, Tree};
use crate::coerce::Scalar;
use crate::field_error::{ErrorKind, FieldError, LocItem};
use crate::location::Location;
use crate::schema::{self, Schema};
use crate::shape::{ROOT, Shapes};
use crate::style::{self, Style};

/// A declared parameter.
#[derive(Debug)]
pub struct Parameter {
    name: String,
    key: String,
    /// The key as it stands in JSON, with the colon.
    json_key: String,
    location: Location,
    required: bool,
    style: Style,
    explode: bool,
    form: Form,
    shapes: Shapes,
    /// Absent where the type says all there is to check.
    schema: Option<Schema>,
    default: Option<Value>,
}

/// What a parameter is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// One text.
    Scalar,
    /// Items.
    Array,
    /// Members.
    Object,
    /// A JSON text (`content` with `application/json`).
    Json,
}

/// A parameter as it is declared, in the words of `declare.rs`.
pub(crate) struct Parts {
    pub(crate) name: String,
    pub(crate) key: Option<String>,
    pub(crate) location: Location,
    pub(crate) required: bool,
    pub(crate) style: Style,
    pub(crate) explode: bool,
    pub(crate) is_json: bool,
    pub(crate) schema: Value,
}

/// The keywords that a scalar's type covers or that check nothing.
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
    /// Compiles what was declared.
    pub(crate) fn new(parts: Parts) -> Result<Self, String> {
        let Parts { name, schema, .. } = parts;
        let compiled = Schema::compile(&schema)
            .map_err(|error| format!("the schema of parameter `{name}` is wrong: {error}"))?;
        let shapes = Shapes::of(&schema);
        let form = if parts.is_json {
            Form::Json
        } else if shapes.item(ROOT).is_some() {
            Form::Array
        } else if shapes.is_object(ROOT) {
            Form::Object
        } else {
            Form::Scalar
        };
        let only = |keyword: &String| PLAIN.contains(&keyword.as_str());
        let is_plain = form == Form::Scalar
            && schema != Value::Bool(false)
            && schema.get("type").is_none_or(Value::is_string)
            && !shapes.scalars(ROOT).contains(&Scalar::Null)
            && schema
                .as_object()
                .is_none_or(|object| object.keys().all(only));
        let key = parts.key.unwrap_or_else(|| name.clone());
        Ok(Self {
            json_key: format!("{}:", Value::String(key.clone())),
            key,
            name: match parts.location {
                Location::Header => name.to_ascii_lowercase(),
                _ => name,
            },
            location: parts.location,
            required: parts.required,
            style: parts.style,
            explode: parts.explode,
            form,
            shapes,
            schema: (!is_plain).then_some(compiled),
            default: schema.get("default").cloned(),
        })
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

    pub(crate) fn json_key(&self) -> &str {
        &self.json_key
    }

    /// Whether it is written as `a[b]=1`.
    pub(crate) fn is_deep(&self) -> bool {
        self.style == Style::DeepObject
    }

    /// The names of its members, where each stands in the request by itself.
    pub(crate) fn spread(&self) -> Option<impl Iterator<Item = &str>> {
        let is_spread = self.form == Form::Object && self.style == Style::Form && self.explode;
        is_spread.then(|| self.shapes.names(ROOT))
    }

    fn loc(&self) -> Vec<LocItem> {
        vec![self.location.loc().into(), self.name.as_str().into()]
    }

    /// Takes one occurrence in a query or cookies, still encoded.
    pub(crate) fn take_encoded<'t, E>(
        &self,
        text: &'t str,
        decode: fn(&'t str) -> Result<Cow<'t, str>, E>,
        slot: &mut Slot,
    ) -> Result<(), E> {
        let is_list = matches!(self.form, Form::Array | Form::Object) && !self.explode;
        if is_list {
            let items = style::split_encoded(text, self.style.separator(false), decode)?;
            self.take_items(text, items, slot);
        } else {
            self.take_text(&decode(text)?, slot);
        }
        Ok(())
    }

    /// Takes a member that stands in the request by itself.
    pub(crate) fn take_member(&self, name: &str, text: &str, slot: &mut Slot) {
        let id = self.shapes.member(ROOT, name);
        let read = self.shapes.read(id, text).unwrap_or_else(|text| text);
        let object = slot.value.get_or_insert_with(|| Value::Object(Map::new()));
        let Value::Object(members) = object else {
            return;
        };
        match (members.get_mut(name), read) {
            (Some(Value::Array(all)), Value::Array(mut more)) => all.append(&mut more),
            (_, read) => drop(members.insert(name.to_owned(), read)),
        }
    }

    /// Takes a member of a `deepObject`.
    pub(crate) fn take_deep(&self, steps: &[Step<'_>], text: String, slot: &mut Slot) {
        let tree = slot.deep.get_or_insert_with(Box::default);
        tree.insert(steps, text);
    }

    /// Takes a path segment, still encoded.
    pub(crate) fn take_segment<'t, E>(
        &self,
        text: &'t str,
        decode: fn(&'t str) -> Result<Cow<'t, str>, E>,
        slot: &mut Slot,
    ) -> Result<(), E> {
        let Some(rest) = self.style.strip(&self.name, self.explode, text) else {
            self.refuse(&decode(text)?, slot);
            return Ok(());
        };
        if matches!(self.form, Form::Scalar | Form::Json) {
            // `;a=1` names a scalar in either way.
            let named = |rest: &'t str| rest.strip_prefix(&self.name)?.strip_prefix('=');
            let rest = match self.style {
                Style::Matrix if self.explode => named(rest).unwrap_or(rest),
                _ => rest,
            };
            self.take_text(&decode(rest)?, slot);
            return Ok(());
        }
        let mut items = Vec::new();
        for item in rest.split(self.style.separator(self.explode)) {
            let item = match (self.style, self.form) {
                (Style::Matrix, Form::Array) if self.explode => {
                    let value = item.strip_prefix(&self.name);
                    value
                        .and_then(|item| item.strip_prefix('='))
                        .unwrap_or(item)
                }
                _ => item,
            };
            items.push(decode(item)?);
        }
        self.take_items(text, items, slot);
        Ok(())
    }

    /// Takes the value of a header, which is never encoded.
    pub(crate) fn take_header(&self, text: &str, slot: &mut Slot) {
        if matches!(self.form, Form::Scalar | Form::Json) {
            return self.take_text(text, slot);
        }
        let items = text.split(',').map(|item| Cow::Borrowed(item.trim()));
        let items = items.filter(|item| !item.is_empty()).collect();
        self.take_items(text, items, slot);
    }

    /// Takes a text that is decoded, and is one value or one item.
    fn take_text(&self, text: &str, slot: &mut Slot) {
        if self.form == Form::Json {
            let parsed = crate::json::parse(text);
            slot.refused = parsed.is_err();
            slot.value = Some(parsed.unwrap_or_else(|_| Value::String(text.to_owned())));
            return;
        }
        let read = self.shapes.read(ROOT, text);
        let refused = read.is_err();
        let (Ok(value) | Err(value)) = read;
        match (value, &mut slot.value) {
            (Value::Array(mut items), Some(Value::Array(all))) if self.form == Form::Array => {
                all.append(&mut items);
                slot.refused |= refused;
            }
            // A list that may also be a scalar is a list all the same.
            (value, found) if self.form == Form::Array && !value.is_array() => {
                let item = self.shapes.item(ROOT).unwrap_or(ROOT);
                let value = self.shapes.read(item, text).unwrap_or(value);
                match found {
                    Some(Value::Array(all)) => all.push(value),
                    _ => *found = Some(Value::Array(vec![value])),
                }
            }
            // Of a value that is not a list the last occurrence counts.
            (value, found) => {
                *found = Some(value);
                slot.refused = refused;
            }
        }
    }

    /// Takes the items or members of a text.
    fn take_items(&self, text: &str, items: Vec<Cow<'_, str>>, slot: &mut Slot) {
        if self.form == Form::Array {
            let id = self.shapes.item(ROOT).unwrap_or(ROOT);
            let read = |item: Cow<'_, str>| self.shapes.read(id, &item).unwrap_or_else(|item| item);
            let items = items.into_iter().map(read);
            match &mut slot.value {
                Some(Value::Array(all)) => all.extend(items),
                found => *found = Some(Value::Array(items.collect())),
            }
            return;
        }
        match style::members(items, self.explode) {
            Some(members) => {
                slot.value.get_or_insert_with(|| Value::Object(Map::new()));
                for (name, text) in members {
                    self.take_member(&name, &text, slot);
                }
            }
            None => self.refuse(text, slot),
        }
    }

    fn refuse(&self, text: &str, slot: &mut Slot) {
        slot.value = Some(Value::String(text.to_owned()));
        slot.refused = true;
    }

    /// Checks what was read; `None` is an optional parameter that is not there, or one
    /// with errors.
    pub(crate) fn finish<'s>(
        &'s self,
        slot: Slot,
        errors: &mut Vec<FieldError>,
    ) -> Result<Option<Cow<'s, Value>>, BracketError> {
        let mut value = slot.value;
        if let Some(tree) = slot.deep {
            let mut read =
                |text: String, id| self.shapes.read(id, &text).unwrap_or_else(|text| text);
            value = Some(tree.into_json(&self.name, ROOT, &self.shapes, &mut read)?);
        }
        let Some(value) = value else {
            if self.default.is_none() && self.required {
                // Browsers and clients show a cookie that is not there as an empty one.
                let input = match self.location {
                    Location::Cookie => Value::String(String::new()),
                    _ => Value::Null,
                };
                errors.push(FieldError::missing(self.loc(), &input));
            }
            return Ok(self.default.as_ref().map(Cow::Borrowed));
        };
        let must_fail = slot.refused && (self.schema.is_none() || self.form != Form::Array);
        match &self.schema {
            Some(schema) if must_fail || !schema.is_valid(&value) => {
                let before = errors.len();
                if self.form != Form::Json || !slot.refused {
                    schema.check(&value, &self.loc(), errors);
                }
                if errors.len() == before {
                    errors.push(self.wrong_type(&value));
                }
            }
            None if slot.refused => errors.push(self.wrong_type(&value)),
            _ => return Ok(Some(Cow::Owned(value))),
        }
        Ok(None)
    }

    fn wrong_type(&self, input: &Value) -> FieldError {
        let (kind, msg) = match (self.form, self.shapes.scalars(ROOT)) {
            (Form::Json, _) => (ErrorKind::JsonInvalid, "Input should be valid JSON"),
            (Form::Array, _) => schema::LIST,
            (Form::Object, _) => schema::DICT,
            (_, [Scalar::Integer]) => schema::INTEGER,
            (_, [Scalar::Number]) => schema::NUMBER,
            (_, [Scalar::Boolean]) => schema::BOOLEAN,
            _ => schema::TYPES,
        };
        FieldError::new(kind, self.loc(), msg, input)
    }
}

/// What was read of one parameter so far.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    value: Option<Value>,
    deep: Option<Box<Tree<String>>>,
    /// An occurrence could not be read as the declared type.
    refused: bool,
}
