//! The Operation Object of a route.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::components::Components;
use super::errors::{HostError, RouteInputs};
use super::object::parse_object;
use super::paths::Template;
use super::{replies, security};
use crate::route_settings::RouteSettings;
use crate::{MediaType, RouteDescription};

/// The inputs of an Operation Object.
pub(super) struct Operation<'a> {
    pub(super) route: &'a RouteDescription,
    /// The `operationId`.
    pub(super) id: String,
    pub(super) settings: RouteSettings<'a>,
    pub(super) template: &'a Template,
    /// The names of the path parameters in the document.
    pub(super) names: &'a [String],
}

/// The set of assigned `operationId`s.
#[derive(Debug, Default)]
pub(super) struct OperationIds(HashSet<String>);

impl OperationIds {
    /// Assigns a unique id: the route's name, or its method and path, with a number if the
    /// id is taken.
    pub(super) fn assign(&mut self, route: &RouteDescription, template: &Template) -> String {
        let mut base = route.name.clone();
        if base.is_empty() {
            base = route.method.as_str().to_ascii_lowercase();
            let words = template.text.split(|c: char| !c.is_ascii_alphanumeric());
            for word in words.filter(|word| !word.is_empty()) {
                base.push('_');
                base.push_str(word);
            }
        }
        let mut id = base.clone();
        let mut number = 1;
        while !self.0.insert(id.clone()) {
            number += 1;
            id = format!("{base}_{number}");
        }
        id
    }
}

impl Operation<'_> {
    /// Builds the Operation Object.
    pub(super) fn write(&self, components: &mut Components) -> Result<Value, String> {
        let mut operation = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                operation.insert(name.to_owned(), value);
            }
        };
        let own = self.settings.own();
        let tags = Some(self.settings.tags()).filter(|tags| !tags.is_empty());
        put("tags", tags.map(|tags| json!(tags)));
        put("summary", own.summary.clone().map(Value::from));
        put("description", own.description.clone().map(Value::from));
        put("operationId", Some(self.id.clone().into()));
        put(
            "deprecated",
            (own.deprecated == Some(true)).then(|| true.into()),
        );

        let declared: Vec<Map<String, Value>> = match self.route.parameters.as_str() {
            "" => Vec::new(),
            text => serde_json::from_str(text)
                .map_err(|error| format!("its parameters cannot be read: {error}"))?,
        };
        let parameters = self.parameters(&declared, components);
        let body = self.body(components)?;
        let inputs = RouteInputs {
            has_parameters: !parameters.is_empty(),
            is_checked: !declared.is_empty() || !self.route.body.is_empty() || self.has_types(),
            has_body: body.is_some(),
        };
        put(
            "parameters",
            (!parameters.is_empty()).then_some(Value::Array(parameters)),
        );
        put("requestBody", body);

        let errors = HostError::for_route(inputs, self.settings);
        let replies = replies::responses(self.route, &errors, self.settings, &self.id, components)?;
        put("responses", Some(replies));
        let needed = security::requirements(self.settings, &mut components.security)?;
        put(
            "security",
            (!needed.is_empty()).then_some(Value::Array(needed)),
        );
        Ok(Value::Object(operation))
    }

    fn has_types(&self) -> bool {
        self.template
            .parameters
            .iter()
            .any(|parameter| parameter.schema.is_some())
    }

    /// Builds the Parameter Objects: path parameters first, in path order.
    fn parameters(
        &self,
        declared: &[Map<String, Value>],
        components: &mut Components,
    ) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        for (bound, name) in self.template.parameters.iter().zip(self.names) {
            let of_path = declared.iter().find(|parameter| {
                parameter.get("in").is_some_and(|place| place == "path")
                    && parameter
                        .get("name")
                        .is_some_and(|known| *known == bound.name)
            });
            let empty = Map::new();
            let mut parameter = of_path.unwrap_or(&empty).clone();
            parameter.insert("name".to_owned(), name.as_str().into());
            parameter.insert("in".to_owned(), "path".into());
            if let Some(schema) = &bound.schema
                && of_path.is_none()
            {
                parameter.insert("schema".to_owned(), schema.clone());
            }
            if bound.is_rest {
                let note = "The rest of the path, including slashes.";
                parameter
                    .entry("description")
                    .or_insert_with(|| note.into());
            }
            all.push(self.parameter(parameter, components));
        }
        for parameter in declared {
            let place = parameter
                .get("in")
                .and_then(Value::as_str)
                .unwrap_or_default();
            if place == "path" {
                continue;
            }
            // A route can declare a name twice with two keys; the document lists it once.
            let is_listed = all.iter().any(|other| {
                let same = |member| {
                    str_or_empty(other.get(member))
                        .eq_ignore_ascii_case(str_or_empty(parameter.get(member)))
                };
                same("in")
                    && same("name")
                    && (place == "header" || other.get("name") == parameter.get("name"))
            });
            if !is_listed {
                all.push(self.parameter(parameter.clone(), components));
            }
        }
        all
    }

    /// Builds a Parameter Object without the host's extensions.
    fn parameter(&self, mut declared: Map<String, Value>, components: &mut Components) -> Value {
        declared.shift_remove("key");
        let place = str_or_empty(declared.get("in")).to_owned();
        let name = str_or_empty(declared.get("name")).to_owned();
        convert_examples(&mut declared);
        let examples = declared
            .contains_key("content")
            .then(|| ["example", "examples"].map(|member| declared.shift_remove_entry(member)));
        let fallback = format!("{}_{name}", self.id);
        let content = declared.get_mut("content").and_then(Value::as_object_mut);
        match content {
            Some(content) => {
                for media in content.values_mut() {
                    if let Some(schema) = media.get_mut("schema") {
                        *schema = components.schemas.add(schema, &fallback);
                    }
                    // With `content`, examples belong to the Media Type Object.
                    if let Value::Object(media) = media {
                        media.extend(examples.iter().flatten().flatten().cloned());
                        convert_examples(media);
                    }
                }
            }
            None => {
                // A parameter without a schema is text.
                let schema = match declared.get("schema") {
                    Some(Value::Bool(true)) | None => &json!({"type": "string"}),
                    Some(schema) => schema,
                };
                let schema = components.schemas.add(schema, &fallback);
                declared.insert("schema".to_owned(), schema);
            }
        }
        let mut parameter = Map::new();
        for member in ["name", "in", "description"] {
            if let Some(value) = declared.shift_remove(member) {
                parameter.insert(member.to_owned(), value);
            }
        }
        let required = declared.shift_remove("required");
        if place == "path" || required == Some(Value::Bool(true)) {
            parameter.insert("required".to_owned(), true.into());
        }
        parameter.extend(declared);
        Value::Object(parameter)
    }

    /// Builds the Request Body Object. `None` if the route reads no body.
    fn body(&self, components: &mut Components) -> Result<Option<Value>, String> {
        if self.route.accepts_undeclared_body() {
            return Ok(Some(json!({
                "description": "Any body, or none.",
                "content": {"*/*": {}},
            })));
        }
        let mut declared = parse_object(&self.route.body, "body")?;
        if declared.is_empty() {
            return Ok(None);
        }
        if let Some(Value::Object(content)) = declared.get_mut("content") {
            for (range, media) in content.iter_mut() {
                let Value::Object(media) = media else {
                    continue;
                };
                if let Some(mut schema) = media.shift_remove("schema") {
                    if range.eq_ignore_ascii_case(MediaType::MULTIPART) {
                        describe_files(&mut schema);
                    }
                    let schema = components
                        .schemas
                        .add(&schema, &format!("{}_body", self.id));
                    media.shift_insert(0, "schema".to_owned(), schema);
                }
                convert_examples(media);
            }
        }
        Ok(Some(Value::Object(declared)))
    }
}

fn str_or_empty(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

/// Returns true if a schema has the type `object`.
fn is_object(schema: &Value) -> bool {
    match schema.get("type") {
        Some(Value::String(name)) => name == "object",
        Some(Value::Array(names)) => names.iter().any(|name| name == "object"),
        _ => false,
    }
}

/// Converts a list of examples (JSON Schema) to a map of Example Objects (OpenAPI), and
/// removes `example` if `examples` exists.
fn convert_examples(declared: &mut Map<String, Value>) {
    if let Some(examples) = declared.get_mut("examples") {
        if let Value::Array(list) = examples {
            let named = list.drain(..).enumerate();
            let named =
                named.map(|(at, value)| (format!("example-{}", at + 1), json!({ "value": value })));
            *examples = Value::Object(named.collect());
        }
        declared.shift_remove("example");
    }
}

/// Replaces the schemas of files in a multipart form. A handler receives an object that
/// describes the file, but a client sends its bytes.
fn describe_files(schema: &mut Value) {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (_, property) in properties {
            let field = match property.get_mut("items") {
                Some(items) => items,
                None => property,
            };
            // A text field cannot be an object without declared members, so it is a file.
            if is_file(field) || (is_object(field) && field.get("properties").is_none()) {
                replace_with_file(field);
            }
        }
    }
    for group in ["$defs", "definitions"] {
        if let Some(definitions) = schema.get_mut(group).and_then(Value::as_object_mut) {
            let files = definitions.iter_mut().filter(|(_, schema)| is_file(schema));
            files.for_each(|(_, schema)| replace_with_file(schema));
        }
    }
}

/// Returns true if a schema describes the object that represents a file.
fn is_file(schema: &Value) -> bool {
    let has = |name| {
        schema
            .get("properties")
            .is_some_and(|members| members.get(name).is_some())
    };
    is_object(schema) && has("part") && has("size")
}

fn replace_with_file(schema: &mut Value) {
    let words = schema.get("description").cloned();
    *schema = json!({
        "type": "string",
        "format": "binary",
        "contentMediaType": "application/octet-stream",
    });
    if let Some(words) = words {
        schema["description"] = words;
    }
}
