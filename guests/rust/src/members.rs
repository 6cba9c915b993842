//! The members of an object's schema, as parameters and form fields that come by name.
//!
//! `#[serde(flatten)]` puts the members of an enum or an optional struct beside
//! `properties`, in `oneOf`, `anyOf` or `allOf`. All of them are found: a member of an
//! alternative may be left out unless every alternative requires it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::schema::by_name;

/// A name, its schema, and whether it must be there.
pub(crate) type Member = (String, Value, bool);

/// The members of an object's schema.
///
/// # Errors
/// What of the schema has no members that can be named, to follow "takes a
/// `Query<T>` where `T` has".
pub(crate) fn members(schema: &Value) -> Result<Vec<Member>, String> {
    let mut found = Found::default();
    found.add(schema)?;
    let members = found.members.into_iter();
    let members = members.map(|(name, member)| {
        let member = with_definitions(by_name(member), schema);
        let required = found.required.contains(&name);
        (name, member, required)
    });
    Ok(members.collect())
}

#[derive(Default)]
struct Found {
    members: Vec<(String, Value)>,
    required: BTreeSet<String>,
}

impl Found {
    /// Adds what a schema says of the same object.
    fn add(&mut self, schema: &Value) -> Result<(), String> {
        if schema.get("$ref").is_some() {
            return Err("a flattened field that holds itself; take that field out".to_owned());
        }
        let is_map = |keyword| {
            schema
                .get(keyword)
                .is_some_and(|schema| *schema != json!(false))
        };
        if is_map("additionalProperties") || is_map("patternProperties") {
            return Err(
                "a flattened map, whose keys are not known; take a `Request` and read its `query_pairs`, `headers` or `cookies`"
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
            let mut found = Self::default();
            if let Some(name) = list(alternative, "enum").iter().find_map(Value::as_str) {
                return Err(without_tag(name));
            }
            found.add(alternative)?;
            for (name, member) in &found.members {
                let is_object = member.get("type").is_some_and(|name| name == "object");
                if is_object || member.get("oneOf").is_some() {
                    return Err(without_tag(name));
                }
                self.join(name, member);
            }
            required = Some(match required {
                Some(all) => &all & &found.required,
                None => found.required,
            });
        }
        self.required.extend(required.unwrap_or_default());
        Ok(())
    }

    /// Adds a member, or another schema that it may have.
    fn join(&mut self, name: &str, member: &Value) {
        match self.members.iter_mut().find(|(have, _)| have == name) {
            Some((_, have)) => *have = either(have, member),
            None => self.members.push((name.to_owned(), member.clone())),
        }
    }
}

fn without_tag(name: &str) -> String {
    format!(
        "the flattened alternative `{name}`, which is no parameter; give its enum `#[serde(tag = \"...\")]` or `#[serde(untagged)]`"
    )
}

fn list<'a>(schema: &'a Value, keyword: &str) -> &'a [Value] {
    let list = schema.get(keyword).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

/// A schema for what either of two allows.
fn either(one: &Value, other: &Value) -> Value {
    if one == other {
        return one.clone();
    }
    if let (Some(mut texts), Some(more)) = (texts(one), texts(other)) {
        texts.extend(more.into_iter().filter(|text| !one_of(one, text)));
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

fn one_of(schema: &Value, text: &Value) -> bool {
    texts(schema).is_some_and(|texts| texts.contains(text))
}

/// The texts that a schema lists, where it allows nothing else: those of tags.
fn texts(schema: &Value) -> Option<Vec<Value>> {
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
