//! A single parameter: converts its text to JSON and validates it. `params.rs` reads all
//! parameters of a route from a request.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::bracket::{BracketError, FieldTree, Step};
use crate::coerce::Scalar;
use crate::coercion_schema::{CoercionSchema, ROOT};
use crate::field_error::{ErrorKind, FieldError, LocItem};
use crate::location::Location;
use crate::schema::{self, Schema};
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
    kind: ValueKind,
    coercion: CoercionSchema,
    /// `None` if the schema has only a scalar type, which the conversion already checks.
    schema: Option<Schema>,
    default: Option<Value>,
}

/// The structure of a parameter's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueKind {
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
pub(crate) struct ParameterSpec {
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
const UNCHECKED_KEYWORDS: [&str; 9] = [
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
    pub(crate) fn new(spec: ParameterSpec) -> Result<Self, String> {
        let ParameterSpec { name, schema, .. } = spec;
        let compiled = Schema::compile(&schema)
            .map_err(|error| format!("the schema of parameter `{name}` is invalid: {error}"))?;
        let coercion = CoercionSchema::of(&schema);
        let kind = if spec.is_json {
            ValueKind::Json
        } else if coercion.item(ROOT).is_some() {
            ValueKind::Array
        } else if coercion.is_object(ROOT) {
            ValueKind::Object
        } else {
            ValueKind::Scalar
        };
        let is_unchecked = |keyword: &String| UNCHECKED_KEYWORDS.contains(&keyword.as_str());
        let is_plain = kind == ValueKind::Scalar
            && schema != Value::Bool(false)
            && schema.get("type").is_none_or(Value::is_string)
            && !coercion.scalars(ROOT).contains(&Scalar::Null)
            && schema
                .as_object()
                .is_none_or(|object| object.keys().all(is_unchecked));
        let key = spec.key.unwrap_or_else(|| name.clone());
        Ok(Self {
            json_key: format!("{}:", Value::String(key.clone())),
            key,
            name: match spec.location {
                Location::Header => name.to_ascii_lowercase(),
                _ => name,
            },
            location: spec.location,
            required: spec.required,
            style: spec.style,
            explode: spec.explode,
            kind,
            coercion,
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
    pub(crate) fn exploded_members(&self) -> Option<impl Iterator<Item = &str>> {
        let is_spread = self.kind == ValueKind::Object && self.style == Style::Form && self.explode;
        is_spread.then(|| self.coercion.member_names(ROOT))
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
        let is_list = matches!(self.kind, ValueKind::Array | ValueKind::Object) && !self.explode;
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
        let id = self.coercion.member(ROOT, name);
        let read = self.coercion.read(id, text).unwrap_or_else(|text| text);
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
            self.reject(&decode(text)?, slot);
            return Ok(());
        };
        if matches!(self.kind, ValueKind::Scalar | ValueKind::Json) {
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
            let item = match (self.style, self.kind) {
                (Style::Matrix, ValueKind::Array) if self.explode => {
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
        if matches!(self.kind, ValueKind::Scalar | ValueKind::Json) {
            return self.take_text(text, slot);
        }
        let items = text.split(',').map(|item| Cow::Borrowed(item.trim()));
        let items = items.filter(|item| !item.is_empty()).collect();
        self.take_items(text, items, slot);
    }

    /// Adds a decoded text that is one value or one item.
    fn take_text(&self, text: &str, slot: &mut Slot) {
        if self.kind == ValueKind::Json {
            let parsed = crate::json::parse(text);
            slot.is_mistyped = parsed.is_err();
            slot.value = Some(parsed.unwrap_or_else(|_| Value::String(text.to_owned())));
            return;
        }
        let read = self.coercion.read(ROOT, text);
        let is_mistyped = read.is_err();
        let (Ok(value) | Err(value)) = read;
        match (value, &mut slot.value) {
            (Value::Array(mut items), Some(Value::Array(all))) if self.kind == ValueKind::Array => {
                all.append(&mut items);
                slot.is_mistyped |= is_mistyped;
            }
            // A schema that allows both a list and a scalar yields a list.
            (value, found) if self.kind == ValueKind::Array && !value.is_array() => {
                let item = self.coercion.item(ROOT).unwrap_or(ROOT);
                let value = self.coercion.read(item, text).unwrap_or(value);
                match found {
                    Some(Value::Array(all)) => all.push(value),
                    _ => *found = Some(Value::Array(vec![value])),
                }
            }
            // The last occurrence of a value that is not a list wins.
            (value, found) => {
                *found = Some(value);
                slot.is_mistyped = is_mistyped;
            }
        }
    }

    /// Adds the items or members of a text.
    fn take_items(&self, text: &str, items: Vec<Cow<'_, str>>, slot: &mut Slot) {
        if self.kind == ValueKind::Array {
            let id = self.coercion.item(ROOT).unwrap_or(ROOT);
            let read =
                |item: Cow<'_, str>| self.coercion.read(id, &item).unwrap_or_else(|item| item);
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
            None => self.reject(text, slot),
        }
    }

    fn reject(&self, text: &str, slot: &mut Slot) {
        slot.value = Some(Value::String(text.to_owned()));
        slot.is_mistyped = true;
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
                |text: String, id| self.coercion.read(id, &text).unwrap_or_else(|text| text);
            value = Some(tree.into_json(&self.name, ROOT, &self.coercion, &mut read)?);
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
        let must_fail =
            slot.is_mistyped && (self.schema.is_none() || self.kind != ValueKind::Array);
        match &self.schema {
            Some(schema) if must_fail || !schema.is_valid(&value) => {
                let before = errors.len();
                if self.kind != ValueKind::Json || !slot.is_mistyped {
                    schema.check(&value, &self.loc(), errors);
                }
                if errors.len() == before {
                    errors.push(self.wrong_type(&value));
                }
            }
            None if slot.is_mistyped => errors.push(self.wrong_type(&value)),
            _ => return Ok(Some(Cow::Owned(value))),
        }
        Ok(None)
    }

    fn wrong_type(&self, input: &Value) -> FieldError {
        let (kind, msg) = match (self.kind, self.coercion.scalars(ROOT)) {
            (ValueKind::Json, _) => (ErrorKind::JsonInvalid, "Input should be valid JSON"),
            (ValueKind::Array, _) => schema::LIST,
            (ValueKind::Object, _) => schema::DICT,
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
    deep: Option<Box<FieldTree<String>>>,
    /// True if an occurrence could not be converted to the declared type.
    is_mistyped: bool,
}
