//! Forms (`application/x-www-form-urlencoded`, `multipart/form-data`) as JSON
//! objects.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::coerce::Target;
use crate::decode::{self, NotUtf8};

/// A form that was read: its fields in order, and the files among them.
#[derive(Debug, Default)]
pub struct Form {
    fields: Vec<(String, Field)>,
    files: Vec<FilePart>,
}

#[derive(Debug)]
enum Field {
    Text(String),
    File(usize),
}

/// A file of a `multipart/form-data` body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePart {
    /// The name it had where it came from. Untrusted: never a path to open.
    pub filename: String,
    /// The content type its part declares.
    pub content_type: Option<String>,
    /// What it contains.
    pub bytes: Bytes,
}

impl Form {
    /// Reads a URL-encoded form.
    ///
    /// # Errors
    /// A name or value is not UTF-8.
    pub fn from_urlencoded(text: &str) -> Result<Self, NotUtf8> {
        let mut form = Self::default();
        for (name, value) in decode::raw_pairs(text) {
            let value = decode::form(value)?.into_owned();
            form.text(decode::form(name)?.into_owned(), value);
        }
        Ok(form)
    }

    /// Adds a text field.
    pub fn text(&mut self, name: String, value: String) {
        self.fields.push((name, Field::Text(value)));
    }

    /// Adds a file.
    pub fn file(&mut self, name: String, file: FilePart) {
        self.fields.push((name, Field::File(self.files.len())));
        self.files.push(file);
    }

    /// How many fields and files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is no field at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The form as a JSON object, and its files.
    ///
    /// A field is what `targets` says; one that cannot be read as that stays the
    /// text it was, for the schema to refuse.
    pub(crate) fn into_json(self, targets: &Targets) -> (Value, Vec<FilePart>) {
        let mut object = Map::new();
        for (name, field) in self.fields {
            let target = targets.get(&name);
            let value = match field {
                Field::Text(text) => target.item.read(&text).unwrap_or_else(|text| text),
                Field::File(part) => {
                    let file = &self.files[part];
                    json!({
                        "part": part,
                        "filename": file.filename,
                        "content_type": file.content_type,
                        "size": file.bytes.len(),
                    })
                }
            };
            match object.get_mut(&name) {
                Some(Value::Array(all)) if target.many || all.len() > 1 => all.push(value),
                Some(first) => *first = Value::Array(vec![first.take(), value]),
                None if target.many => {
                    object.insert(name, Value::Array(vec![value]));
                }
                None => {
                    object.insert(name, value);
                }
            }
        }
        (Value::Object(object), self.files)
    }
}

/// The declared types of a form's fields.
#[derive(Debug, Default)]
pub(crate) struct Targets(Vec<(String, FieldTarget)>);

/// The declared type of one field.
#[derive(Debug)]
struct FieldTarget {
    item: Target,
    many: bool,
}

impl Targets {
    pub(crate) const EMPTY: Self = Self(Vec::new());

    /// Reads the types from an object schema's `properties`.
    pub(crate) fn of(schema: &Value) -> Self {
        let object = match schema.get("$ref").and_then(Value::as_str) {
            Some(reference) => reference
                .strip_prefix('#')
                .and_then(|pointer| schema.pointer(pointer))
                .unwrap_or(schema),
            None => schema,
        };
        let properties = object.get("properties").and_then(Value::as_object);
        let target = |property: &Value| match Target::of(property, schema) {
            Target::Array(item) => FieldTarget {
                item: *item,
                many: true,
            },
            item => FieldTarget { item, many: false },
        };
        let fields = properties.into_iter().flatten();
        Self(
            fields
                .map(|(name, property)| (name.clone(), target(property)))
                .collect(),
        )
    }

    fn get(&self, name: &str) -> &FieldTarget {
        const TEXT: &FieldTarget = &FieldTarget {
            item: Target::Text,
            many: false,
        };
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or(TEXT, |(_, target)| target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn repeats_make_arrays() {
        let form = Form::from_urlencoded("a=1&b=x+y&a=2&a=3&c").unwrap();
        let (value, _) = form.into_json(&Targets::default());
        assert_eq!(value, json!({"a": ["1", "2", "3"], "b": "x y", "c": ""}));
    }

    #[test]
    fn fields_get_their_declared_types() {
        let schema = json!({"properties": {"age": {"type": "integer"}, "ok": {"type": "boolean"},
            "tags": {"type": "array", "items": {"type": "string"}}, "bad": {"type": "integer"}}});
        let form = Form::from_urlencoded("age=30&ok=true&tags=a&bad=x").unwrap();
        let (value, _) = form.into_json(&Targets::of(&schema));
        assert_eq!(
            value,
            json!({"age": 30, "ok": true, "tags": ["a"], "bad": "x"})
        );
    }

    #[test]
    fn files_are_described() {
        let mut form = Form::default();
        let bytes = Bytes::from_static(b"hello");
        form.file(
            "f".into(),
            FilePart {
                filename: "a.txt".into(),
                content_type: None,
                bytes,
            },
        );
        let (value, files) = form.into_json(&Targets::default());
        assert_eq!(
            value["f"],
            json!({"part": 0, "filename": "a.txt", "content_type": null, "size": 5})
        );
        assert_eq!(files.len(), 1);
    }

    proptest! {
        #[test]
        fn reads_what_was_encoded(pairs in prop::collection::vec((".+", ".*"), 0..5)) {
            let encode = |text: &str| percent_encoding::utf8_percent_encode(
                text, percent_encoding::NON_ALPHANUMERIC).to_string();
            let text: Vec<_> = pairs.iter().map(|(n, v)| format!("{}={}", encode(n), encode(v))).collect();
            let form = Form::from_urlencoded(&text.join("&")).unwrap();
            let read: Vec<_> = form.fields.into_iter().map(|(name, field)| match field {
                Field::Text(text) => (name, text),
                Field::File(_) => unreachable!(),
            }).collect();
            prop_assert_eq!(read, pairs);
        }
    }
}
