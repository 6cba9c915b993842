//! JSON Schemas of Rust types, in the form the host takes.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// The schema of a type as a request carries it. Subschemas stand in place, since
/// a part of the schema must make sense without the rest; only a type that holds
/// itself keeps its `$defs`.
pub(crate) fn of<T: JsonSchema>() -> Value {
    generate::<T>(SchemaSettings::draft2020_12())
}

/// The schema of a type as a reply carries it: a field with a default is there.
pub(crate) fn of_reply<T: JsonSchema>() -> Value {
    generate::<T>(SchemaSettings::draft2020_12().for_serialize())
}

fn generate<T: JsonSchema>(settings: SchemaSettings) -> Value {
    let settings = settings.with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

/// The members of an object's schema, as things that come by name: each with its
/// schema and whether it must be there.
pub(crate) fn members(schema: &Value) -> Vec<(String, Value, bool)> {
    let required = |name: &str| {
        let names = schema.get("required").and_then(Value::as_array);
        names.is_some_and(|names| names.iter().any(|required| required == name))
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    let each = properties.into_iter().flatten();
    each.map(|(name, member)| {
        (
            name.clone(),
            with_definitions(by_name(member.clone()), schema),
            required(name),
        )
    })
    .collect()
}

/// The schema of a form: like its type's, but a field is there or it is not.
pub(crate) fn form(mut schema: Value) -> Value {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for member in properties.values_mut() {
            *member = by_name(member.take());
        }
    }
    schema
}

/// Takes `null` out of a schema: a parameter or a form's field that has no value
/// is absent, and an `Option` of it is `None` then.
pub(crate) fn by_name(schema: Value) -> Value {
    let Value::Object(mut object) = schema else {
        return schema;
    };
    if object.get("default") == Some(&Value::Null) {
        object.remove("default");
    }
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_mut_slice() {
            let only = only.take();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(options)) = object.get_mut("enum") {
        options.retain(|option| !option.is_null());
    }
    if let Some(Value::Array(options)) = object.get_mut("anyOf") {
        options.retain(|option| option.get("type").is_none_or(|name| name != "null"));
        if let [Value::Object(only)] = options.as_mut_slice() {
            let only = std::mem::take(only);
            object.remove("anyOf");
            object.extend(only);
        }
    }
    Value::Object(object)
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
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

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
        let members = members(&of::<Search>());
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
        assert!(members(&root).iter().all(|(_, schema, _)| {
            !schema.to_string().contains("#/$defs/") || schema.get("$defs").is_some()
        }));
    }
}
