//! Converts forms (`application/x-www-form-urlencoded`, `multipart/form-data`) to JSON
//! objects.

use bytes::Bytes;
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::bracket::{self, FieldTree};
use crate::charset::Charset;
use crate::coercion_schema::{CoercionSchema, NodeId, ROOT};
use crate::decode;
use crate::json;
use crate::limits::MAX_FIELDS;
use crate::media_type::MediaType;
use crate::refusal::Refusal;

/// A parsed form: its fields in order, and its files.
#[derive(Debug, Default, PartialEq)]
pub struct Form {
    fields: Vec<(String, Field)>,
    files: Vec<FilePart>,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Field {
    /// A text field, and the content type of its part.
    Text(String, Option<String>),
    /// A file, by its index in `files`.
    File(usize),
}

/// A file of a `multipart/form-data` body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FilePart {
    /// The file name that the client sent. Untrusted: never use it as a path.
    pub filename: String,
    /// The content type of its part.
    pub content_type: Option<String>,
    /// The other headers of its part, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The content.
    pub bytes: Bytes,
}

impl Form {
    /// Parses a URL-encoded form whose escapes are bytes of `charset`.
    ///
    /// # Errors
    /// 400 for a name or value that is invalid in the charset, or for too many fields.
    pub(crate) fn from_urlencoded(text: &str, charset: Charset) -> Result<Self, Refusal> {
        let refuse = |error| Refusal::BadRequest(format!("the form cannot be read: {error}"));
        let mut form = Self::default();
        for (name, value) in decode::raw_pairs(text) {
            let name = decode::form_in(name, charset).map_err(refuse)?;
            let value = decode::form_in(value, charset).map_err(refuse)?;
            form.text(name.into_owned(), value.into_owned(), None)?;
        }
        Ok(form)
    }

    /// Adds a text field and the content type of its part, if any.
    ///
    /// # Errors
    /// 400 if the form has too many fields.
    pub fn text(
        &mut self,
        name: String,
        value: String,
        content_type: Option<String>,
    ) -> Result<(), Refusal> {
        self.push(name, Field::Text(value, content_type))
    }

    /// Adds a file.
    ///
    /// # Errors
    /// 400 if the form has too many fields.
    pub fn file(&mut self, name: String, file: FilePart) -> Result<(), Refusal> {
        self.push(name, Field::File(self.files.len()))?;
        self.files.push(file);
        Ok(())
    }

    fn push(&mut self, name: String, field: Field) -> Result<(), Refusal> {
        if self.fields.len() == MAX_FIELDS {
            return Err(Refusal::BadRequest(format!(
                "the form has more than {MAX_FIELDS} fields"
            )));
        }
        self.fields.push((name, field));
        Ok(())
    }

    /// Returns the number of fields, including files.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Returns true if the form has no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Returns each field's name, content type and file, if it is one.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&str, Option<&str>, Option<&FilePart>)> {
        self.fields.iter().map(|(name, field)| match field {
            Field::Text(_, content_type) => (name.as_str(), content_type.as_deref(), None),
            Field::File(part) => {
                let file = &self.files[*part];
                (name.as_str(), file.content_type.as_deref(), Some(file))
            }
        })
    }

    /// Converts the form to a JSON object, and returns its files.
    ///
    /// `coercion` decides the type of each field. A field that cannot be converted stays
    /// text, so that the schema rejects it.
    pub(crate) fn into_json(
        self,
        coercion: &CoercionSchema,
    ) -> Result<(Value, Vec<FilePart>), Refusal> {
        let refuse = |error: bracket::BracketError| Refusal::BadRequest(error.to_string());
        let mut trees: IndexMap<String, FieldTree<Field>> = IndexMap::new();
        let declared: std::collections::HashSet<&str> = coercion.member_names(ROOT).collect();
        for (name, field) in self.fields {
            // Brackets in a declared name are part of the name.
            let (base, steps) = if declared.contains(name.as_str()) {
                (name.as_str(), Vec::new())
            } else {
                bracket::parse_name(&name).map_err(refuse)?
            };
            match trees.get_mut(base) {
                Some(tree) => tree.insert(&steps, field),
                None => {
                    let mut tree = FieldTree::default();
                    tree.insert(&steps, field);
                    trees.insert(base.to_owned(), tree);
                }
            }
        }
        let files = self.files;
        let mut read = |field, id| match field {
            Field::Text(text, content_type) => read_text(text, content_type, id, coercion),
            Field::File(part) => describe_file(part, &files[part]),
        };
        let mut object = Map::with_capacity(trees.len());
        for (name, tree) in trees {
            let id = coercion.member(ROOT, &name);
            let value = tree
                .into_json(&name, id, coercion, &mut read)
                .map_err(refuse)?;
            object.insert(name, value);
        }
        Ok((Value::Object(object), files))
    }
}

fn read_text(
    text: String,
    content_type: Option<String>,
    id: NodeId,
    coercion: &CoercionSchema,
) -> Value {
    // Parse a JSON part only if the schema declares an array or object here; invalid JSON
    // stays text.
    let media = content_type.as_deref().and_then(MediaType::parse);
    if coercion.is_json(id)
        && media.is_some_and(|media| media.is_json())
        && let Ok(value) = json::parse(&text)
    {
        return value;
    }
    if coercion.is_untyped(id) {
        return Value::String(text);
    }
    coercion.read(id, &text).unwrap_or_else(|refused| refused)
}

/// Returns the object that describes a file to the handler, which requests the bytes
/// separately.
fn describe_file(part: usize, file: &FilePart) -> Value {
    let mut value = json!({
        "part": part,
        "filename": file.filename,
        "content_type": file.content_type,
        "size": file.bytes.len(),
    });
    if !file.headers.is_empty() {
        value["headers"] = json!(file.headers);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(schema: &Value, text: &str) -> Result<Value, Refusal> {
        let form = Form::from_urlencoded(text, Charset::UTF_8)?;
        form.into_json(&CoercionSchema::of(schema))
            .map(|(value, _)| value)
    }

    #[test]
    fn repeats_make_arrays() {
        let value = read(&json!(true), "a=1&b=x+y&a=2&a=3&c").unwrap();
        assert_eq!(value, json!({"a": ["1", "2", "3"], "b": "x y", "c": ""}));
    }

    #[test]
    fn fields_get_their_declared_types() {
        let schema = json!({"$ref": "#/$defs/f", "$defs": {"f": {"properties": {
            "age": {"type": "integer"}, "ok": {"type": "boolean"}, "bad": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}}, "x[]": {"type": "number"},
            "user": {"$ref": "#/$defs/u"}}},
            "u": {"type": "object", "properties": {"born": {"type": "integer"}, "boss": {"$ref": "#/$defs/u"}}}}});
        let text = "age=30&ok=true&tags=a&bad=x&user%5Bborn%5D=1&user[boss][born]=2&x[]=1.5&a.b=c";
        assert_eq!(
            read(&schema, text).unwrap(),
            json!({"age": 30, "ok": true, "tags": ["a"], "bad": "x",
                "user": {"born": 1, "boss": {"born": 2}}, "x[]": 1.5, "a.b": "c"})
        );
    }

    #[test]
    fn files_are_described() {
        let mut form = Form::default();
        let file = |headers| FilePart {
            filename: "a.txt".into(),
            content_type: None,
            headers,
            bytes: Bytes::from_static(b"hello"),
        };
        form.file("f".into(), file(vec![])).unwrap();
        form.file("g[]".into(), file(vec![("x-a".into(), "1".into())]))
            .unwrap();
        let (value, files) = form.into_json(&CoercionSchema::any()).unwrap();
        assert_eq!(
            value,
            json!({"f": {"part": 0, "filename": "a.txt", "content_type": null, "size": 5},
                "g": [{"part": 1, "filename": "a.txt", "content_type": null, "size": 5,
                    "headers": [["x-a", "1"]]}]})
        );
        assert_eq!(files.len(), 2);
    }

    #[test]
    fn a_part_that_is_json_is_read_as_json() {
        let object = json!({"type": "array", "items": {"type": "object"}});
        let coercion = CoercionSchema::of(&json!({"properties": {"a": object, "c": object}}));
        let mut form = Form::default();
        for (name, text) in [("a", "{\"b\": null}"), ("c", "{"), ("d", "{}")] {
            let json = Some("application/json".to_owned());
            form.text(name.into(), text.into(), json).unwrap();
        }
        let (value, _) = form.into_json(&coercion).unwrap();
        assert_eq!(value, json!({"a": [{"b": null}], "c": ["{"], "d": "{}"}));
    }

    #[test]
    fn hostile_forms_are_refused_quickly() {
        let status = |text: &str| read(&json!(true), text).unwrap_err().status();
        assert_eq!(status(&"a&".repeat(5_000_000)), 400);
        assert_eq!(status(&format!("a{}=1", "[x]".repeat(40))), 400);
        assert_eq!(status("a=1&a[b]=2"), 400);
        assert_eq!(status("a=%ff"), 400);
        let wide: String = (0..1000)
            .map(|n| format!("a[{n}{}]=1&", "[x]".repeat(31)))
            .collect();
        assert!(read(&json!(true), &wide).is_ok());
    }

    proptest! {
        #[test]
        fn reads_what_was_encoded(pairs in prop::collection::vec((".+", ".*"), 0..5)) {
            let encode = |text: &str| percent_encoding::utf8_percent_encode(
                text, percent_encoding::NON_ALPHANUMERIC).to_string();
            let text: Vec<_> = pairs.iter().map(|(n, v)| format!("{}={}", encode(n), encode(v))).collect();
            let form = Form::from_urlencoded(&text.join("&"), Charset::UTF_8).unwrap();
            let read: Vec<_> = form.fields.into_iter().map(|(name, field)| match field {
                Field::Text(text, _) => (name, text),
                Field::File(_) => unreachable!(),
            }).collect();
            prop_assert_eq!(read, pairs);
        }

        #[test]
        fn never_panics(text in "[a=&\\[\\]%0-2+.]{0,40}") {
            for schema in [json!(true), json!({"properties": {"a": {"type": "array", "items": {"type": "integer"}}}})] {
                let _ = read(&schema, &text);
            }
        }
    }
}
