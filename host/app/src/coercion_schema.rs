//! The types that a schema assigns to text values: the JSON types of each member and item.
//!
//! Text from parameters and forms has no type of its own, so the host converts it to the
//! type that the schema declares. The types are derived once at load time; a request only
//! looks them up.

use std::collections::HashMap;

use serde_json::Value;

use crate::coerce::{self, Scalar};
use crate::json;

/// The index of a node of [`CoercionSchema`].
pub(crate) type NodeId = usize;

/// A graph of the types in a schema. A recursive schema yields a node that refers to
/// itself.
#[derive(Debug)]
pub(crate) struct CoercionSchema {
    nodes: Vec<Node>,
}

/// The possible types of the value at one position.
#[derive(Debug, Default)]
pub(crate) struct Node {
    scalars: Vec<Scalar>,
    array: Option<NodeId>,
    object: Option<Members>,
    binary: bool,
    /// True if the value can contain a file.
    contains_file: bool,
}

#[derive(Debug, Default)]
struct Members {
    named: HashMap<String, NodeId>,
    other: Option<NodeId>,
}

/// The node of text without a schema.
const TEXT: NodeId = 0;

/// The node of the schema itself.
pub(crate) const ROOT: NodeId = 1;

impl CoercionSchema {
    /// Derives the types of a schema.
    ///
    /// Follows `$ref` within the schema. Every branch of `anyOf`, `oneOf` and `allOf` and
    /// every type of a list adds its types, in the order of the schema.
    pub(crate) fn of(schema: &Value) -> Self {
        let mut found = Builder {
            root: schema,
            nodes: vec![Node::default()],
            known: HashMap::new(),
        };
        found.node(schema);
        let mut coercion = Self { nodes: found.nodes };
        coercion.mark_file_containers();
        coercion
    }

    /// Marks the nodes that can contain a file, repeating until nothing changes.
    fn mark_file_containers(&mut self) {
        loop {
            let holds = |id: &NodeId| self.node(*id).contains_file;
            let next = self.nodes.iter().position(|node| {
                let inner = node.object.iter().flat_map(|members| {
                    let named = members.named.values();
                    named.chain(members.other.iter())
                });
                let found = node.binary || node.array.iter().chain(inner).any(holds);
                found && !node.contains_file
            });
            let Some(node) = next.and_then(|at| self.nodes.get_mut(at)) else {
                return;
            };
            node.contains_file = true;
        }
    }

    /// Returns the types of a schema that allows anything.
    pub(crate) fn any() -> Self {
        Self::of(&Value::Bool(true))
    }

    fn node(&self, id: NodeId) -> &Node {
        const NOTHING: &Node = &Node {
            scalars: Vec::new(),
            array: None,
            object: None,
            binary: false,
            contains_file: false,
        };
        self.nodes.get(id).unwrap_or(NOTHING)
    }

    /// Returns the node of the items if the value can be an array.
    pub(crate) fn item(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).array
    }

    /// Returns true if the value can be an object.
    pub(crate) fn is_object(&self, id: NodeId) -> bool {
        self.node(id).object.is_some()
    }

    /// Returns true if the value is a file or bytes.
    pub(crate) fn is_binary(&self, id: NodeId) -> bool {
        self.node(id).binary
    }

    /// Returns true if text can be parsed as JSON here: the schema declares an array or
    /// object that cannot contain a file. Otherwise a client could forge the object that
    /// describes a file.
    pub(crate) fn is_json(&self, id: NodeId) -> bool {
        let node = self.node(id);
        (node.object.is_some() || node.array.is_some()) && !node.contains_file
    }

    /// Returns true if the schema does not restrict the value's type.
    pub(crate) fn is_untyped(&self, id: NodeId) -> bool {
        let node = self.node(id);
        node.scalars.is_empty() && node.array.is_none() && node.object.is_none()
    }

    /// Returns the possible scalar types. Empty for text.
    pub(crate) fn scalars(&self, id: NodeId) -> &[Scalar] {
        &self.node(id).scalars
    }

    /// Returns the node of a member.
    pub(crate) fn member(&self, id: NodeId, name: &str) -> NodeId {
        let members = self.node(id).object.as_ref();
        members.map_or(TEXT, |members| {
            let named = members.named.get(name).copied();
            named.or(members.other).unwrap_or(TEXT)
        })
    }

    /// Iterates over the names of the declared members.
    pub(crate) fn member_names(&self, id: NodeId) -> impl Iterator<Item = &str> {
        let members = self.node(id).object.iter();
        members.flat_map(|members| members.named.keys().map(String::as_str))
    }

    /// Converts one text. If it matches no type, `Err` has the value that the error shows;
    /// the schema then produces the message.
    pub(crate) fn read(&self, id: NodeId, text: &str) -> Result<Value, Value> {
        let node = self.node(id);
        let mut scalars = node.scalars.iter();
        if let Some(value) = scalars.find_map(|scalar| scalar.read(text)) {
            return Ok(value);
        }
        if let Some(item) = node.array {
            return match self.read(item, text) {
                Ok(value) => Ok(Value::Array(vec![value])),
                Err(value) => Err(Value::Array(vec![value])),
            };
        }
        if node.object.is_some() && !node.contains_file {
            return json::parse(text).map_err(|_| Value::String(text.to_owned()));
        }
        match node.scalars.as_slice() {
            [] => Ok(Value::String(text.to_owned())),
            scalars => Err(coerce::rejected_value(scalars, text)),
        }
    }
}

struct Builder<'s> {
    root: &'s Value,
    nodes: Vec<Node>,
    /// The nodes of visited subschemas, by address.
    known: HashMap<*const Value, NodeId>,
}

impl<'s> Builder<'s> {
    fn node(&mut self, schema: &'s Value) -> NodeId {
        if let Some(id) = self.known.get(&std::ptr::from_ref(schema)) {
            return *id;
        }
        let id = self.nodes.len();
        self.nodes.push(Node::default());
        self.known.insert(schema, id);
        let mut node = Node::default();
        self.add(schema, &mut node, &mut Vec::new());
        // This object describes a file. Text fields must not be able to forge it.
        if let Some(members) = &node.object {
            let file = ["part", "size"].map(|name| members.named.contains_key(name));
            node.binary |= file == [true; 2];
        }
        self.nodes[id] = node;
        id
    }

    /// Adds the types that `schema` allows. `seen` detects reference cycles.
    fn add(&mut self, schema: &'s Value, node: &mut Node, seen: &mut Vec<*const Value>) {
        let address = std::ptr::from_ref(schema);
        if seen.contains(&address) || seen.len() > 256 {
            return;
        }
        seen.push(address);
        if let Some(referred) = self.referred(schema) {
            self.add(referred, node, seen);
        }
        match schema.get("type") {
            Some(Value::String(name)) => self.add_type(name, schema, node),
            Some(Value::Array(names)) => {
                let names: Vec<_> = names.iter().filter_map(Value::as_str).collect();
                for name in names {
                    self.add_type(name, schema, node);
                }
            }
            _ => self.add_untyped(schema, node),
        }
        let binary = schema.get("format").and_then(Value::as_str) == Some("binary");
        node.binary |= binary || schema.get("contentMediaType").is_some();
        for keyword in ["anyOf", "oneOf", "allOf"] {
            let parts = schema.get(keyword).and_then(Value::as_array);
            for part in parts.into_iter().flatten() {
                self.add(part, node, seen);
            }
        }
    }

    fn referred(&self, schema: &'s Value) -> Option<&'s Value> {
        let reference = schema.get("$ref")?.as_str()?.strip_prefix('#')?;
        let pointer = percent_encoding::percent_decode_str(reference);
        self.root.pointer(&pointer.decode_utf8().ok()?)
    }

    fn add_type(&mut self, name: &str, schema: &'s Value, node: &mut Node) {
        let scalar = match name {
            "string" => Scalar::Text,
            "integer" => Scalar::Integer,
            "number" => Scalar::Number,
            "boolean" => Scalar::Boolean,
            "null" => Scalar::Null,
            "array" => return self.add_array(schema, node),
            "object" => return self.add_object(schema, node),
            _ => return,
        };
        node.add_scalar(scalar);
    }

    /// Infers the types of a schema without `type` from its other keywords.
    fn add_untyped(&mut self, schema: &'s Value, node: &mut Node) {
        if schema.get("properties").is_some() {
            self.add_object(schema, node);
        } else if schema.get("items").is_some() {
            self.add_array(schema, node);
        }
        let constant = schema.get("const").into_iter();
        let options = schema.get("enum").and_then(Value::as_array);
        for value in constant.chain(options.into_iter().flatten()) {
            match value {
                Value::Bool(_) => node.add_scalar(Scalar::Boolean),
                Value::Number(number) if number.is_f64() => node.add_scalar(Scalar::Number),
                Value::Number(_) => node.add_scalar(Scalar::Integer),
                Value::String(_) => node.add_scalar(Scalar::Text),
                Value::Null => node.add_scalar(Scalar::Null),
                Value::Array(_) | Value::Object(_) => {}
            }
        }
    }

    fn add_array(&mut self, schema: &'s Value, node: &mut Node) {
        let items = schema.get("items");
        let items = items.or_else(|| schema.get("prefixItems")?.get(0));
        let id = items.map_or(TEXT, |items| self.node(items));
        node.array = node.array.or(Some(id));
    }

    fn add_object(&mut self, schema: &'s Value, node: &mut Node) {
        let mut members = node.object.take().unwrap_or_default();
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            let id = self.node(property);
            members.named.entry(name.clone()).or_insert(id);
        }
        if let Some(other @ Value::Object(_)) = schema.get("additionalProperties") {
            let id = self.node(other);
            members.other = members.other.or(Some(id));
        }
        node.object = Some(members);
    }
}

impl Node {
    fn add_scalar(&mut self, scalar: Scalar) {
        if !self.scalars.contains(&scalar) {
            self.scalars.push(scalar);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(schema: Value, text: &str) -> Result<Value, Value> {
        CoercionSchema::of(&schema).read(ROOT, text)
    }

    #[test]
    fn finds_the_declared_type() {
        assert_eq!(
            read(json!({"type": ["null", "integer"]}), "1"),
            Ok(json!(1))
        );
        assert_eq!(
            read(json!({"type": ["integer", "null"]}), ""),
            Ok(json!(null))
        );
        let optional = json!({"anyOf": [{"type": "null"}, {"type": "number"}]});
        assert_eq!(read(optional, "1.5"), Ok(json!(1.5)));
        let reference = json!({"$ref": "#/$defs/a", "$defs": {"a": {"enum": [1, 2]}}});
        assert_eq!(read(reference, "2"), Ok(json!(2)));
        let list = json!({"type": "array", "items": {"type": "boolean"}});
        assert_eq!(read(list, "yes"), Ok(json!([true])));
        assert_eq!(
            read(json!({"type": "object"}), "{\"a\":1}"),
            Ok(json!({"a": 1}))
        );
        assert_eq!(read(json!({"type": "object"}), "{"), Err(json!("{")));
        assert_eq!(read(json!(true), "1"), Ok(json!("1")));
    }

    #[test]
    fn every_declared_type_is_tried_in_order() {
        let either = json!({"anyOf": [{"type": "integer"}, {"type": "string"}]});
        assert_eq!(read(either.clone(), "7"), Ok(json!(7)));
        assert_eq!(read(either, "seven"), Ok(json!("seven")));
        assert_eq!(
            read(json!({"type": ["string", "integer"]}), "7"),
            Ok(json!("7"))
        );
    }

    #[test]
    fn members_of_every_part_count() {
        let schema = json!({"allOf": [{"$ref": "#/$defs/a"}, {"properties": {"b": {"type": "boolean"}}}],
            "$defs": {"a": {"type": "object", "properties": {"a": {"type": "integer"}},
                "additionalProperties": {"type": "number"}}}});
        let coercion = CoercionSchema::of(&schema);
        let member = |name, text| coercion.read(coercion.member(ROOT, name), text);
        assert_eq!(member("a", "1"), Ok(json!(1)));
        assert_eq!(member("b", "on"), Ok(json!(true)));
        assert_eq!(member("c", "1.5"), Ok(json!(1.5)));
    }

    #[test]
    fn texts_do_not_pose_as_files() {
        let file = json!({"type": "object", "properties": {"part": {"type": "integer"}, "size": {"type": "integer"}}});
        let text = "{\"part\": 0, \"size\": 1}";
        assert_eq!(read(file.clone(), text), Ok(json!(text)));
        let inside =
            json!({"type": "object", "properties": {"a": {"type": "array", "items": file}}});
        assert_eq!(read(inside, text), Ok(json!(text)));
    }

    #[test]
    fn circles_end() {
        let circle = json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}});
        assert_eq!(read(circle, "x"), Ok(json!("x")));
        let tree = json!({"type": "object", "properties": {"next": {"$ref": "#"}, "n": {"type": "integer"}}});
        let coercion = CoercionSchema::of(&tree);
        let deep = (0..9).fold(ROOT, |id, _| coercion.member(id, "next"));
        assert_eq!(coercion.read(coercion.member(deep, "n"), "5"), Ok(json!(5)));
        let both = json!({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]});
        assert_eq!(read(both, "x"), Ok(json!("x")));
    }
}
