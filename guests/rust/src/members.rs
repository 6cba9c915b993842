//! Lists the members of an object schema, which become parameters or form fields.
//!
//! `#[serde(flatten)]` puts the members of an enum or an optional struct next to `properties`,
//! in `oneOf`, `anyOf` or `allOf`. This module collects the members of all alternatives. A
//! member is required only if every alternative requires it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::schema::by_name;

/// The name of a member, its schema, and true if it is required.
pub(crate) type Member = (String, Value, bool);

/// Returns the members of an object schema.
///
/// # Errors
/// A noun phrase that names the part of the schema without named members. It completes the
/// sentence "takes a `Query<T>` where `T` has ...".
pub(crate) fn members(schema: &Value) -> Result<Vec<Member>, String> {
    let mut set = MemberSet::default();
    set.add(schema)?;
    let members = set.members.into_iter();
    let members = members.map(|(name, member)| {
        let member = with_definitions(by_name(member), schema);
        let required = set.required.contains(&name);
        (name, member, required)
    });
    Ok(members.collect())
}

#[derive(Default)]
struct MemberSet {
    members: Vec<(String, Value)>,
    required: BTreeSet<String>,
}

impl MemberSet {
    /// Adds the members that a schema of the same object declares.
    fn add(&mut self, schema: &Value) -> Result<(), String> {
        if schema.get("$ref").is_some() {
            return Err("a flattened field that contains itself; remove that field".to_owned());
        }
        let is_map = |keyword| {
            schema
                .get(keyword)
                .is_some_and(|schema| *schema != json!(false))
        };
        if is_map("additionalProperties") || is_map("patternProperties") {
            return Err(
                "a flattened map, whose keys are unknown; take a `Request` and read its `query_pairs`, `headers` or `cookies`"
                    .to_owned(),
            );
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, member) in properties.into_iter().flatten() {
            self.join(name, member);
        }
        let required = schema.get("required").and_then(Value::as_array);
        let names = required.into_iter().flatten().filter_map(Value::as_str);
        self.required.extend(names.map(str::to_owned));
        for part in list(schema, "allOf") {
            self.add(part)?;
        }
        for keyword in ["oneOf", "anyOf"] {
            self.add_alternatives(list(schema, keyword))?;
        }
        Ok(())
    }

    fn add_alternatives(&mut self, alternatives: &[Value]) -> Result<(), String> {
        let mut required: Option<BTreeSet<String>> = None;
        for alternative in alternatives {
            let mut set = Self::default();
            // A variant without fields is a string, not a member.
            if let Some(name) = texts(alternative).iter().flatten().find_map(Value::as_str) {
                return Err(without_tag(name));
            }
            set.add(alternative)?;
            for (name, member) in &set.members {
                if may_be_object(member) {
                    return Err(without_tag(name));
                }
                self.join(name, member);
            }
            required = Some(match required {
                Some(all) => &all & &set.required,
                None => set.required,
            });
        }
        self.required.extend(required.unwrap_or_default());
        Ok(())
    }

    /// Adds a member, or another schema of a known member.
    fn join(&mut self, name: &str, member: &Value) {
        match self.members.iter_mut().find(|(have, _)| have == name) {
            Some((_, have)) => *have = either(have, member),
            None => self.members.push((name.to_owned(), member.clone())),
        }
    }
}

fn without_tag(name: &str) -> String {
    format!(
        "the flattened alternative `{name}`, which is not a parameter; give its enum `#[serde(tag = \"...\")]` or `#[serde(untagged)]`"
    )
}

/// Returns true if a schema allows an object. An enum of strings whose variants have doc
/// comments is a `oneOf` too, with a `const` for each variant.
fn may_be_object(schema: &Value) -> bool {
    let is_object = schema.get("type").is_some_and(|name| name == "object");
    is_object || schema.get("$ref").is_some() || list(schema, "oneOf").iter().any(may_be_object)
}

fn list<'a>(schema: &'a Value, keyword: &str) -> &'a [Value] {
    let list = schema.get(keyword).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

/// Returns a schema that allows the values of both schemas.
fn either(one: &Value, other: &Value) -> Value {
    if one == other {
        return one.clone();
    }
    if let (Some(mut texts), Some(more)) = (texts(one), texts(other)) {
        let new: Vec<_> = more
            .into_iter()
            .filter(|text| !texts.contains(text))
            .collect();
        texts.extend(new);
        return json!({ "type": "string", "enum": texts });
    }
    let alternatives = |schema: &Value| match schema.as_object() {
        Some(object) if object.len() == 1 && object.contains_key("anyOf") => {
            list(schema, "anyOf").to_vec()
        }
        _ => vec![schema.clone()],
    };
    let mut all = alternatives(one);
    all.extend(
        alternatives(other)
            .into_iter()
            .filter(|schema| !list(one, "anyOf").contains(schema)),
    );
    json!({ "anyOf": all })
}

/// Returns the strings that a schema lists, such as the values of a tag; `None` if it allows
/// any other value.
fn texts(schema: &Value) -> Option<Vec<Value>> {
    if let Some(alternatives) = schema.get("oneOf").and_then(Value::as_array) {
        let texts: Option<Vec<_>> = alternatives.iter().map(texts).collect();
        return Some(texts?.concat());
    }
    let texts = match schema.get("const") {
        Some(text) => vec![text.clone()],
        None => schema.get("enum")?.as_array()?.clone(),
    };
    texts.iter().all(Value::is_string).then_some(texts)
}

fn with_definitions(member: Value, root: &Value) -> Value {
    let Some(definitions) = root.get("$defs") else {
        return member;
    };
    let mut object = match member {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    object.insert("$defs".to_owned(), definitions.clone());
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::schema::of;

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Order {
        Asc,
        Desc,
    }

    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code)]
    struct Search {
        q: String,
        page: Option<u32>,
        order: Option<Order>,
        #[serde(default)]
        exact: bool,
        #[serde(default)]
        tags: Vec<String>,
    }

    #[test]
    fn members_know_their_schema_and_whether_they_must_be_there() {
        let members = members(&of::<Search>()).expect("members");
        let find = |name: &str| {
            let member = members.iter().find(|(have, ..)| have == name).expect(name);
            (member.1.clone(), member.2)
        };
        assert_eq!(find("q"), (json!({"type": "string"}), true));
        assert_eq!(
            find("page"),
            (
                json!({"type": "integer", "format": "uint32", "minimum": 0}),
                false
            )
        );
        assert_eq!(
            find("order"),
            (json!({"type": "string", "enum": ["asc", "desc"]}), false)
        );
        assert_eq!(
            find("exact"),
            (json!({"type": "boolean", "default": false}), false)
        );
        assert_eq!(
            find("tags"),
            (
                json!({"type": "array", "items": {"type": "string"}, "default": []}),
                false
            )
        );
    }

    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code)]
    struct Tree {
        children: Vec<Tree>,
    }

    #[test]
    fn a_type_that_holds_itself_keeps_its_definition() {
        let root = of::<Tree>();
        let text = root.to_string();
        assert!(text.contains("$ref"), "{text}");
        assert!(
            members(&root)
                .expect("members")
                .iter()
                .all(|(_, schema, _)| {
                    !schema.to_string().contains("#/$defs/") || schema.get("$defs").is_some()
                })
        );
    }
}
