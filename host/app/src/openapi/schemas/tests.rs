use super::*;

fn components(schemas: Schemas) -> Value {
    schemas.into_value()
}

#[test]
fn definitions_become_components() {
    let mut schemas = Schemas::default();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "array", "items": {"$ref": "#/$defs/Item"},
        "$defs": {"Item": {"properties": {"tag": {"$ref": "#/definitions/a~1b%20c"}}}, "Unused": {}},
        "definitions": {"a/b c": {"type": "string", "default": {"$ref": "#/$defs/Item"}}},
    });
    let expected = json!({"type": "array", "items": {"$ref": "#/components/schemas/Item"}});
    assert_eq!(schemas.add(&schema, "x"), expected);
    assert_eq!(
        components(schemas),
        json!({
            "Item": {"properties": {"tag": {"$ref": "#/components/schemas/a_b_c"}}},
            "a_b_c": {"type": "string", "default": {"$ref": "#/$defs/Item"}},
        })
    );
}

#[test]
fn equal_schemas_are_one_component_and_others_get_a_number() {
    let mut schemas = Schemas::default();
    let item = |kind: &str| json!({"title": "Item", "type": "object", "properties": {"a": {"type": kind}}});
    let first = schemas.add(&item("string"), "x");
    assert_eq!(first, json!({"$ref": "#/components/schemas/Item"}));
    assert_eq!(schemas.add(&item("string"), "y"), first);
    let list = json!({"items": {"$ref": "#/$defs/Item"},
        "$defs": {"Item": {"type": "object", "properties": {"a": {"type": "string"}}}}});
    assert_eq!(schemas.add(&list, "z")["items"], first);
    let other = schemas.add(&item("integer"), "x");
    assert_eq!(other, json!({"$ref": "#/components/schemas/Item_2"}));
    assert_eq!(schemas.add(&item("integer"), "x"), other);
    assert_eq!(components(schemas).as_object().unwrap().len(), 2);
}

#[test]
fn recursive_schemas_are_compared_by_what_they_say() {
    let mut schemas = Schemas::default();
    // The same type, as the root and as a definition.
    let root = json!({"title": "Node", "properties": {"next": {"$ref": "#"}}});
    let node = schemas.add(&root, "x");
    assert_eq!(node, json!({"$ref": "#/components/schemas/Node"}));
    let listed = json!({"items": {"$ref": "#/$defs/Node"},
        "$defs": {"Node": {"properties": {"next": {"$ref": "#/$defs/Node"}}}}});
    assert_eq!(schemas.add(&listed, "x")["items"], node);
    // Two mutually recursive definitions, where the second one differs.
    let pair = |kind: &str| {
        json!({"$ref": "#/$defs/A", "$defs": {
            "A": {"properties": {"b": {"$ref": "#/$defs/B"}}},
            "B": {"properties": {"a": {"$ref": "#/$defs/A"}, "x": {"type": kind}}}}})
    };
    assert_eq!(
        schemas.add(&pair("string"), "x")["$ref"],
        "#/components/schemas/A"
    );
    assert_eq!(
        schemas.add(&pair("integer"), "x")["$ref"],
        "#/components/schemas/A_2"
    );
    let all = components(schemas);
    assert_eq!(
        all["A_2"]["properties"]["b"]["$ref"],
        "#/components/schemas/B_2"
    );
    assert_eq!(
        all["B_2"]["properties"]["a"]["$ref"],
        "#/components/schemas/A_2"
    );
    assert_eq!(all.as_object().unwrap().len(), 5);
}

#[test]
fn a_schema_without_a_title_that_refers_to_itself_is_called_by_its_place() {
    let mut schemas = Schemas::default();
    let tree = json!({"$id": "https://a.example/tree", "properties": {
        "left": {"$ref": "#"}, "right": {"$ref": "https://a.example/tree#/properties/left"}}});
    let added = schemas.add(&tree, "make tree");
    assert_eq!(added["$ref"], "#/components/schemas/make_tree");
    let all = components(schemas);
    assert_eq!(
        all["make_tree"]["properties"]["right"]["$ref"],
        "#/components/schemas/make_tree/properties/left"
    );
}

#[test]
fn names_of_the_host_are_not_an_apps() {
    let mut schemas = Schemas::default();
    let own = json!({"title": "Problem", "properties": {}});
    assert_eq!(
        schemas.add(&own, "x")["$ref"],
        "#/components/schemas/Problem_2"
    );
    schemas.add_host(HostSchema::ValidationProblem);
    let all = components(schemas);
    let names: Vec<_> = all.as_object().unwrap().keys().collect();
    assert_eq!(names, ["FieldError", "Problem_2", "ValidationProblem"]);
}
