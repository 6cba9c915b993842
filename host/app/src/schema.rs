//! JSON Schemas (2020-12), compiled at load time by the crate `jsonschema`. `explain.rs`
//! converts their errors to entries of a problem document.

use jsonschema::{PatternOptions, Validator};
use serde_json::{Map, Value, json};

use crate::explain;
use crate::field_error::{ErrorKind, FieldError, LocItem, shorten};
use crate::limits::{MAX_BACKTRACKS, MAX_ERRORS, MAX_EXPLAINED};

pub(crate) use crate::explain::{BOOLEAN, DICT, INTEGER, LIST, NUMBER, TYPES};

/// A compiled schema.
#[derive(Debug)]
pub(crate) struct Schema {
    validator: Validator,
    /// True if the schema has `anyOf` or `oneOf`: even its first error then contains all
    /// errors of every alternative.
    has_alternatives: bool,
}

impl Schema {
    /// Compiles a schema. Validates formats, and does not resolve references to other
    /// documents.
    ///
    /// # Errors
    /// The error, with its position in the schema.
    pub(crate) fn compile(schema: &Value) -> Result<Self, String> {
        Self::build(&adapt_schema(schema, false))
    }

    /// Compiles the schema of a form. A schema with `format: binary` or `contentMediaType`
    /// also accepts the object that describes a file.
    pub(crate) fn compile_form(schema: &Value) -> Result<Self, String> {
        Self::build(&adapt_schema(schema, true))
    }

    fn build(schema: &Value) -> Result<Self, String> {
        jsonschema::draft202012::options()
            .should_validate_formats(true)
            .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(MAX_BACKTRACKS))
            .offline()
            .build(schema)
            .map(|validator| Self {
                validator,
                has_alternatives: has_key(schema, &["anyOf", "oneOf"]),
            })
            .map_err(|error| match error.instance_path().as_str() {
                "" => error.to_string(),
                place => format!("{error} (at `{place}`)"),
            })
    }

    /// Returns true if the value is valid. Cheaper than collecting errors.
    pub(crate) fn is_valid(&self, value: &Value) -> bool {
        self.validator.is_valid(value)
    }

    /// Appends the errors of `value`, sorted by location and limited to [`MAX_ERRORS`]. `at`
    /// is the location of the value. A very large value gets only one error.
    pub(crate) fn check(&self, value: &Value, at: &[LocItem], errors: &mut Vec<FieldError>) {
        if self.is_valid(value) {
            return;
        }
        let mut found = Vec::new();
        let is_large = !is_within(value, &mut MAX_EXPLAINED.clone());
        if !is_large {
            for error in self.validator.iter_errors(value) {
                explain::describe(&error, at, &mut found);
                if found.len() + errors.len() >= MAX_ERRORS {
                    break;
                }
            }
        } else if !self.has_alternatives
            && let Err(error) = self.validator.validate(value)
        {
            explain::describe(&error, at, &mut found);
        }
        if found.is_empty() {
            let msg = "Input violates its schema and is too large for detailed errors";
            let kind = ErrorKind::ValidationError;
            found.push(FieldError::new(kind, at.to_vec(), msg, value));
        }
        found.sort_by(|a, b| a.loc.cmp(&b.loc));
        errors.append(&mut found);
    }

    /// Returns the first error of a value, as a sentence.
    pub(crate) fn first_error(&self, value: &Value) -> Option<String> {
        let error = self.validator.iter_errors(value).next()?;
        let place = error.instance_path().as_str().to_owned();
        let text = error.to_string();
        Some(match place.as_str() {
            "" => shorten(&text).into_owned(),
            place => format!("{} (at `{place}`)", shorten(&text)),
        })
    }
}

/// Returns true if a value consists of at most `left` values, itself included.
fn is_within(value: &Value, left: &mut usize) -> bool {
    let Some(fewer) = left.checked_sub(1) else {
        return false;
    };
    *left = fewer;
    match value {
        Value::Array(items) => items.iter().all(|item| is_within(item, left)),
        Value::Object(members) => members.values().all(|member| is_within(member, left)),
        _ => true,
    }
}

/// Returns true if a schema contains one of the keys anywhere.
fn has_key(schema: &Value, words: &[&str]) -> bool {
    match schema {
        Value::Array(items) => items.iter().any(|item| has_key(item, words)),
        Value::Object(members) => members
            .iter()
            .any(|(key, member)| words.contains(&key.as_str()) || has_key(member, words)),
        _ => false,
    }
}

/// Rewrites a schema for the compiler: replaces `dependencies` of older drafts with
/// `dependentRequired` and `dependentSchemas`, and if `files`, lets binary fields accept
/// files.
fn adapt_schema(schema: &Value, files: bool) -> Value {
    let Value::Object(members) = schema else {
        return schema.clone();
    };
    let mut out = Map::with_capacity(members.len());
    for (keyword, value) in members {
        let adapted = match (keyword.as_str(), value) {
            (
                "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas",
                Value::Object(schemas),
            ) => {
                let schemas = schemas.iter();
                let schemas =
                    schemas.map(|(name, schema)| (name.clone(), adapt_schema(schema, files)));
                Value::Object(schemas.collect())
            }
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(schemas)) => Value::Array(
                schemas
                    .iter()
                    .map(|schema| adapt_schema(schema, files))
                    .collect(),
            ),
            (
                "items"
                | "contains"
                | "additionalProperties"
                | "propertyNames"
                | "not"
                | "if"
                | "then"
                | "else"
                | "unevaluatedItems"
                | "unevaluatedProperties",
                schema,
            ) => adapt_schema(schema, files),
            (_, value) => value.clone(),
        };
        out.insert(keyword.clone(), adapted);
    }
    if let Some(Value::Object(dependencies)) = members.get("dependencies") {
        out.shift_remove("dependencies");
        for (name, dependency) in dependencies {
            let (keyword, value) = match dependency {
                Value::Array(_) => ("dependentRequired", dependency.clone()),
                schema => ("dependentSchemas", adapt_schema(schema, files)),
            };
            let all = out.entry(keyword).or_insert_with(|| json!({}));
            if let Value::Object(all) = all {
                all.entry(name.clone()).or_insert(value);
            }
        }
    }
    let binary = members.get("format").and_then(Value::as_str) == Some("binary");
    if files && (binary || members.contains_key("contentMediaType")) {
        return file_or_text(out);
    }
    Value::Object(out)
}

/// Returns a schema that accepts a file or a text. Length limits apply to the size of the
/// file.
fn file_or_text(mut text: Map<String, Value>) -> Value {
    text.shift_remove("contentMediaType");
    let mut size = Map::new();
    for (length, bound) in [("minLength", "minimum"), ("maxLength", "maximum")] {
        if let Some(value) = text.get(length) {
            size.insert(bound.to_owned(), value.clone());
        }
    }
    // Keep the possible targets of `$ref` in place.
    let mut out = Map::new();
    for keyword in ["$defs", "definitions", "$id", "$anchor"] {
        if let Some(value) = text.shift_remove(keyword) {
            out.insert(keyword.to_owned(), value);
        }
    }
    out.insert(
        "if".to_owned(),
        json!({"type": "object", "required": ["part", "size"]}),
    );
    out.insert("then".to_owned(), json!({"properties": {"size": size}}));
    out.insert("else".to_owned(), Value::Object(text));
    Value::Object(out)
}

#[cfg(test)]
mod tests;
