//! The schemas of a document.
//!
//! Each schema of a description is a separate document with its own `#/$defs/...`. This
//! module moves the definitions to the components of one document and rewrites the
//! references.
//!
//! Equal definitions of the same name share a component; different ones get a number. To
//! compare recursive definitions, the module assumes that they are equal, rewrites their
//! references, and checks the results for differences.

use std::borrow::Cow;
use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value, json};

/// The reference prefix of schema components.
const PREFIX: &str = "#/components/schemas/";

/// The members of a schema that contain definitions.
const GROUPS: [&str; 2] = ["$defs", "definitions"];

/// The characters to escape in a URI fragment.
const FRAGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'%');

/// The Schema Objects that the operations of a document share.
#[derive(Debug)]
pub(super) struct Schemas {
    components: BTreeMap<String, Value>,
}

/// A part of a schema that can become a component.
#[derive(Debug)]
struct Node {
    /// The position in the schema, a JSON Pointer.
    pointer: String,
    /// The preferred component name.
    name: String,
    schema: Value,
}

impl Default for Schemas {
    /// Reserves the names of the host's schemas, so that an app's schema of the same name
    /// gets a number.
    fn default() -> Self {
        let host = HostSchema::ALL.map(|schema| (schema.name().to_owned(), Value::Null));
        Self {
            components: host.into_iter().collect(),
        }
    }
}

impl Schemas {
    /// Adds the definitions of a schema, and returns the schema to put in the document:
    /// the schema itself, or a reference if it is titled or recursive. `fallback`: the
    /// component name of an untitled schema.
    pub(super) fn add(&mut self, schema: &Value, fallback: &str) -> Value {
        let Value::Object(root) = schema else {
            return schema.clone();
        };
        let (id, mut nodes) = split_definitions(root.clone(), fallback);
        let reached = reachable(&mut nodes, &id);
        let is_named = is_component(&nodes[0].schema) || reached.is_root_referred_to;
        let mut emitted: Vec<usize> = reached
            .nodes
            .into_iter()
            .filter(|index| *index > 0)
            .collect();
        if is_named {
            emitted.insert(0, 0);
        }
        let (names, contents) = self.assign_names(&nodes, &emitted, &id);
        let name_of = |index: usize| {
            names
                .iter()
                .find(|(i, _)| *i == index)
                .map(|(_, name)| name)
        };
        let root = match name_of(0) {
            Some(name) => json!({ "$ref": format!("{PREFIX}{name}") }),
            None => rewrite_references(&nodes, 0, &id, &names),
        };
        for ((_, name), content) in names.into_iter().zip(contents) {
            self.components.insert(name, content);
        }
        root
    }

    /// Assigns component names such that different schemas have different names.
    fn assign_names(
        &self,
        nodes: &[Node],
        emitted: &[usize],
        id: &str,
    ) -> (Vec<(usize, String)>, Vec<Value>) {
        let mut tries = vec![0_usize; emitted.len()];
        loop {
            let candidates = emitted.iter().zip(&tries).map(|(index, tried)| {
                let name = &nodes[*index].name;
                let name = match tried {
                    0 => name.clone(),
                    n => format!("{name}_{}", n + 1),
                };
                (*index, name)
            });
            let names: Vec<(usize, String)> = candidates.collect();
            let contents: Vec<Value> = emitted
                .iter()
                .map(|index| {
                    without_title(rewrite_references(nodes, *index, id, &names), nodes, *index)
                })
                .collect();
            let mut is_settled = true;
            for (at, (_, name)) in names.iter().enumerate() {
                let in_document = self.components.get(name);
                let in_schema = names[..at].iter().position(|(_, other)| other == name);
                let other = in_document.or_else(|| in_schema.map(|other| &contents[other]));
                if other.is_some_and(|other| *other != contents[at]) {
                    tries[at] += 1;
                    is_settled = false;
                }
            }
            if is_settled {
                return (names, contents);
            }
        }
    }

    /// Adds a schema of the host, and the schemas that it references.
    pub(super) fn add_host(&mut self, schema: HostSchema) {
        self.components
            .insert(schema.name().to_owned(), schema.value());
        if schema == HostSchema::ValidationProblem {
            self.add_host(HostSchema::FieldError);
        }
    }

    pub(super) fn into_value(self) -> Value {
        let used = self
            .components
            .into_iter()
            .filter(|(_, schema)| !schema.is_null());
        Value::Object(used.collect())
    }
}

/// A schema of the host's error responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HostSchema {
    Problem,
    ValidationProblem,
    FieldError,
}

impl HostSchema {
    const ALL: [Self; 3] = [Self::Problem, Self::ValidationProblem, Self::FieldError];

    fn name(self) -> &'static str {
        match self {
            Self::Problem => "Problem",
            Self::ValidationProblem => "ValidationProblem",
            Self::FieldError => "FieldError",
        }
    }

    /// Returns a reference to the schema.
    pub(super) fn reference(self) -> Value {
        json!({ "$ref": format!("{PREFIX}{}", self.name()) })
    }

    fn value(self) -> Value {
        let mut problem = json!({
            "description": "A problem document (RFC 9457).",
            "type": "object",
            "properties": {
                "type": {"type": "string", "format": "uri-reference", "description": "The kind of problem."},
                "title": {"type": "string", "description": "A short summary of the kind of problem."},
                "status": {"type": "integer", "minimum": 400, "maximum": 599, "description": "The status of the response."},
                "detail": {"type": "string", "description": "The details of this occurrence."},
            },
            "required": ["type", "title", "status", "detail"],
        });
        match self {
            Self::Problem => problem,
            Self::ValidationProblem => {
                problem["description"] =
                    "A problem document (RFC 9457) that lists every value that violates its schema."
                        .into();
                problem["properties"]["status"] = json!({"const": 422});
                problem["properties"]["errors"] = json!({
                    "type": "array",
                    "minItems": 1,
                    "items": Self::FieldError.reference(),
                });
                problem["required"] = json!(["type", "title", "status", "detail", "errors"]);
                problem
            }
            Self::FieldError => json!({
                "description": "A validation error of one value of a request.",
                "type": "object",
                "properties": {
                    "type": {"type": "string", "description": "The kind of error, such as `int_parsing`."},
                    "loc": {
                        "type": "array",
                        "items": {"type": ["string", "integer"]},
                        "minItems": 1,
                        "description": "The location: `path`, `query`, `headers`, `cookie` or `body`, then the path to the value.",
                    },
                    "msg": {"type": "string", "description": "A human-readable message."},
                    "input": {"description": "The rejected value."},
                    "ctx": {"type": "object", "description": "The parameters of the violated rule."},
                },
                "required": ["type", "loc", "msg"],
            }),
        }
    }
}

/// Splits a schema into the root, which is the first node, and its definitions. Also
/// removes and returns its `$id`, which is not valid within a larger document.
fn split_definitions(mut root: Map<String, Value>, fallback: &str) -> (String, Vec<Node>) {
    root.shift_remove("$schema");
    let id = match root.shift_remove("$id") {
        Some(Value::String(id)) => id.trim_end_matches('#').to_owned(),
        _ => String::new(),
    };
    let mut nodes = Vec::new();
    for group in GROUPS {
        match root.shift_remove(group) {
            Some(Value::Object(definitions)) => {
                nodes.extend(definitions.into_iter().map(|(name, schema)| {
                    let escaped = name.replace('~', "~0").replace('/', "~1");
                    Node {
                        pointer: format!("/{group}/{escaped}"),
                        name: component_name(&name),
                        schema,
                    }
                }));
            }
            Some(other) => {
                root.insert(group.to_owned(), other);
            }
            None => {}
        }
    }
    let title = root.get("title").and_then(Value::as_str);
    let title = title.filter(|title| !title.is_empty());
    let first = Node {
        pointer: String::new(),
        name: component_name(title.unwrap_or(fallback)),
        schema: Value::Object(root),
    };
    nodes.insert(0, first);
    (id, nodes)
}

/// Returns true if a root schema becomes a component: it is titled, and an object or a
/// combination of values or schemas.
fn is_component(schema: &Value) -> bool {
    let has = |keyword| schema.get(keyword).is_some();
    let title = schema.get("title").and_then(Value::as_str);
    title.is_some_and(|title| !title.is_empty())
        && ["properties", "enum", "oneOf", "anyOf", "allOf"]
            .into_iter()
            .any(has)
}

/// Replaces the characters that a component name cannot contain.
fn component_name(name: &str) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let name: String = name
        .chars()
        .map(|c| if legal(c) { c } else { '_' })
        .collect();
    if name.is_empty() {
        "_".to_owned()
    } else {
        name
    }
}

/// Removes a title that equals the component name.
fn without_title(mut content: Value, nodes: &[Node], index: usize) -> Value {
    if let Some(object) = content.as_object_mut()
        && object
            .get("title")
            .and_then(Value::as_str)
            .is_some_and(|title| component_name(title) == nodes[index].name)
    {
        object.shift_remove("title");
    }
    content
}

#[derive(Debug)]
struct Reachable {
    nodes: Vec<usize>,
    is_root_referred_to: bool,
}

/// Finds the definitions that the schema references, in the order of reference.
fn reachable(nodes: &mut [Node], id: &str) -> Reachable {
    let pointers: Vec<String> = nodes.iter().map(|node| node.pointer.clone()).collect();
    let mut found = Reachable {
        nodes: vec![0],
        is_root_referred_to: false,
    };
    let mut at = 0;
    while let Some(index) = found.nodes.get(at).copied() {
        at += 1;
        for_each_reference(&mut nodes[index].schema, &mut |reference| {
            let Some((target, _)) = resolve(reference, id, &pointers) else {
                return;
            };
            found.is_root_referred_to |= target == 0;
            if !found.nodes.contains(&target) {
                found.nodes.push(target);
            }
        });
    }
    found
}

/// Returns a node's schema with rewritten references.
fn rewrite_references(nodes: &[Node], index: usize, id: &str, names: &[(usize, String)]) -> Value {
    let pointers: Vec<String> = nodes.iter().map(|node| node.pointer.clone()).collect();
    let mut schema = nodes[index].schema.clone();
    for_each_reference(&mut schema, &mut |reference| {
        if let Some((target, rest)) = resolve(reference, id, &pointers)
            && let Some((_, name)) = names.iter().find(|(index, _)| *index == target)
        {
            let rest = utf8_percent_encode(&rest, FRAGMENT);
            *reference = format!("{PREFIX}{name}{rest}");
        }
    });
    schema
}

/// Resolves a reference within the schema to a node and the rest of the pointer.
fn resolve(reference: &str, id: &str, pointers: &[String]) -> Option<(usize, String)> {
    let reference = match id {
        "" => reference,
        id => reference.strip_prefix(id).unwrap_or(reference),
    };
    let fragment = match reference {
        "" => "",
        reference => reference.strip_prefix('#')?,
    };
    let pointer: Cow<'_, str> = percent_decode_str(fragment).decode_utf8().ok()?;
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return None;
    }
    let within = |whole: &str| {
        let rest = pointer.strip_prefix(whole)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| rest.to_owned())
    };
    let definitions = pointers.iter().enumerate().skip(1);
    let mut found = definitions.filter_map(|(index, whole)| Some((index, within(whole)?)));
    found.next().or_else(|| Some((0, pointer.to_string())))
}

/// Calls `each` with every `$ref` of a schema. Skips values that only look like references,
/// such as members of examples, and schemas with an `$id`, which are separate documents.
fn for_each_reference(schema: &mut Value, each: &mut dyn FnMut(&mut String)) {
    match schema {
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| for_each_reference(item, each)),
        Value::Object(members) => {
            if members.get("$id").is_some_and(Value::is_string) {
                return;
            }
            for (name, value) in members {
                match (name.as_str(), value) {
                    ("$ref", Value::String(reference)) => each(reference),
                    ("const" | "enum" | "default" | "example" | "examples", _) => {}
                    ("discriminator", value) => {
                        let mapping = value.get_mut("mapping").and_then(Value::as_object_mut);
                        for target in mapping.into_iter().flatten().map(|(_, target)| target) {
                            if let Value::String(target) = target {
                                each(target);
                            }
                        }
                    }
                    (
                        "properties" | "patternProperties" | "dependentSchemas" | "$defs"
                        | "definitions",
                        Value::Object(schemas),
                    ) => schemas
                        .iter_mut()
                        .for_each(|(_, schema)| for_each_reference(schema, each)),
                    (_, value) => for_each_reference(value, each),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
