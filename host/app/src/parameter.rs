//! A single parameter: converts its text to JSON and validates it. `params.rs` reads all
//! parameters of a route from a request.

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
    /// The key as a JSON string, followed by a colon.
    json_key: String,
    location: Location,
    required: bool,
    style: Style,
    explode: bool,
    form: Form,
    shapes: Shapes,
    /// `None` if the schema has only a scalar type, which the conversion already checks.
    schema: Option<Schema>,
    default: Option<Value>,
}

/// The structure of a parameter's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A single text.
    Scalar,
    /// A list of items.
    Array,
    /// An object of members.
    Object,
    /// A JSON text (`content` with `application/json`).
    Json,
}

/// A declared parameter before its schema is compiled.
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

/// The schema keywords that need no validation beyond the conversion of a scalar.
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
    /// Compiles a declared parameter.
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

    /// Returns the name in the request.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the member name in the object that a handler receives.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the location in the request.
    #[must_use]
    pub fn location(&self) -> Location {
        self.location
    }

    pub(crate) fn json_key(&self) -> &str {
        &self.json_key
    }

    /// Returns true if the style is `deepObject`: `a[b]=1`.
    pub(crate) fn is_deep(&self) -> bool {
        self.style == Style::DeepObject
    }

    /// Returns the member names of an exploded `form` object, whose members are separate
    /// pairs of the request.
    pub(crate) fn spread(&self) -> Option<impl Iterator<Item = &str>> {
        let is_spread = self.form == Form::Object && self.style == Style::Form && self.explode;
        is_spread.then(|| self.shapes.names(ROOT))
    }

    fn loc(&self) -> Vec<LocItem> {
        vec![self.location.loc().into(), self.name.as_str().into()]
    }

    /// Adds one occurrence in a query or cookie, still encoded.
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

    /// Adds a member of an exploded object.
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

    /// Adds a member of a `deepObject`.
    pub(crate) fn take_deep(&self, steps: &[Step<'_>], text: String, slot: &mut Slot) {
        let tree = slot.deep.get_or_insert_with(Box::default);
        tree.insert(steps, text);
    }

    /// Adds a path segment, still encoded.
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
            // A scalar in `matrix` style is `;a=1` with and without `explode`.
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

    /// Adds the value of a header, which is never percent-encoded.
    pub(crate) fn take_header(&self, text: &str, slot: &mut Slot) {
        if matches!(self.form, Form::Scalar | Form::Json) {
            return self.take_text(text, slot);
        }
        let items = text.split(',').map(|item| Cow::Borrowed(item.trim()));
        let items = items.filter(|item| !item.is_empty()).collect();
        self.take_items(text, items, slot);
    }

    /// Adds a decoded text that is one value or one item.
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
            // A schema that allows both a list and a scalar yields a list.
            (value, found) if self.form == Form::Array && !value.is_array() => {
                let item = self.shapes.item(ROOT).unwrap_or(ROOT);
                let value = self.shapes.read(item, text).unwrap_or(value);
                match found {
                    Some(Value::Array(all)) => all.push(value),
                    _ => *found = Some(Value::Array(vec![value])),
                }
            }
            // The last occurrence of a value that is not a list wins.
            (value, found) => {
                *found = Some(value);
                slot.refused = refused;
            }
        }
    }

    /// Adds the items or members of a text.
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

    /// Validates the value. `None` if an optional parameter is absent or the value has
    /// errors, which are appended to `errors`.
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
                // By convention, the error shows an absent cookie as an empty text.
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

/// The value of one parameter while the request is being read.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    value: Option<Value>,
    deep: Option<Box<Tree<String>>>,
    /// True if an occurrence could not be converted to the declared type.
    refused: bool,
}
