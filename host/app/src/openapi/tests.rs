//! Compares the document of an app that uses every feature with a golden file, and checks
//! rules that hold for every document.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::*;
use crate::{App, Defaults, Method};

fn route(method: Method, path: &str, name: &str) -> RouteDescription {
    RouteDescription {
        name: name.to_owned(),
        ..RouteDescription::new(method, path)
    }
}

fn document(description: &Description) -> Value {
    OpenApi::new(description).unwrap().document().clone()
}

/// Compares a document with a golden file. `BLESS=1` updates the file.
#[track_caller]
fn golden(name: &str, document: &Value) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("src/openapi")
        .join(name);
    let text = serde_json::to_string_pretty(document).unwrap() + "\n";
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&path, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == text,
        "the document differs from `{name}`; set `BLESS=1` to update the file:\n{text}"
    );
}

fn shop() -> Description {
    let item = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Item",
        "description": "A thing to buy.",
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "parts": {"type": "array", "items": {"$ref": "#"}},
            "maker": {"$ref": "#/$defs/Maker"},
        },
        "required": ["name"],
        "$defs": {"Maker": {"type": "object", "properties": {"name": {"type": "string"}}}},
    });
    let list = route(Method::Get, "/items", "list_items");
    let list = RouteDescription {
        parameters: json!([
            {"name": "q", "in": "query", "schema": {"type": "string"}, "description": "What to look for."},
            {"name": "tag", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
            {"name": "range", "in": "query", "style": "deepObject", "explode": true,
             "schema": {"type": "object", "properties": {"min": {"type": "number"}}}},
            {"name": "filter", "in": "query", "content": {"application/json": {"schema": {"title": "Filter",
                "type": "object", "properties": {"and": {"$ref": "#"}}}}}, "examples": [{"and": {}}]},
            {"name": "X-Trace", "in": "header", "key": "trace", "required": true},
            {"name": "x-trace", "in": "header", "key": "again"},
            {"name": "session", "in": "cookie", "schema": {"type": "string", "minLength": 16}},
        ])
        .to_string(),
        replies: json!({"200": {"description": "The items.", "content": {"application/json": {
            "schema": {"type": "array", "items": {"$ref": "#/$defs/Item"}, "$defs": {
                "Item": {
                    "description": "A thing to buy.",
                    "type": "object",
                    "properties": {
                        "name": {"type": "string", "minLength": 1},
                        "parts": {"type": "array", "items": {"$ref": "#/$defs/Item"}},
                        "maker": {"$ref": "#/$defs/Maker"},
                    },
                    "required": ["name"],
                },
                "Maker": {"type": "object", "properties": {"name": {"type": "string"}}},
            }}}}}})
        .to_string(),
        settings: json!({"summary": "Lists items", "tags": ["items"], "api_key": false,
            "rate_limit": {"requests": 10, "per": "second"}})
        .to_string(),
        ..list
    };
    let make = RouteDescription {
        body: json!({"required": true, "content": {"application/json": {"schema": item}}})
            .to_string(),
        replies: json!({"201": {"content": {"application/json": {"schema": item}}},
            "409": {"content": {"application/problem+json": {}}}})
        .to_string(),
        settings:
            json!({"tags": ["items"], "jwt": {"algorithms": ["HS256"], "secret": {"secret": "s"}}})
                .to_string(),
        ..route(Method::Post, "/items", "make_item")
    };
    let file = json!({"type": "object", "properties": {"part": {"type": "integer"},
        "size": {"type": "integer"}}, "required": ["part", "size"]});
    let photo = RouteDescription {
        body: json!({"required": true, "content": {"multipart/form-data": {"schema": {
            "type": "object", "required": ["photo"], "properties": {
                "photo": {"$ref": "#/$defs/File"}, "more": {"type": "array", "items": {"type": "object"}},
                "title": {"type": "string"}}, "$defs": {"File": file}}}}})
        .to_string(),
        settings: json!({"deprecated": true, "timeout_status": 408}).to_string(),
        ..route(Method::Put, "/items/{id:uuid}/photo", "")
    };
    let remove = route(Method::Delete, "/items/{item}/photo", "");
    let files = route(Method::Get, "/files/{*path}", "file");
    let any = route(Method::Post, "/any", "file");
    Description {
        name: "shop".to_owned(),
        version: "1.2.3".to_owned(),
        routes: vec![list, make, photo, remove, files, any],
        settings: json!({
            "description": "Sells things.",
            "api_key": {"keys": ["k"], "header": "X-Key"},
            "openapi": {
                "title": "The shop",
                "terms_of_service": "https://shop.example/terms",
                "contact": {"name": "Ann", "email": "ann@shop.example"},
                "license": {"name": "MIT", "identifier": "MIT"},
                "servers": [{"url": "https://{region}.shop.example",
                    "variables": {"region": {"default": "eu", "enum": ["eu", "us"]}}}],
                "tags": [{"name": "items", "description": "What is sold."}],
            },
        })
        .to_string(),
    }
}

#[test]
fn a_rich_app_has_this_document() {
    let document = document(&shop());
    golden("shop.json", &document);
    // A recursive type is a single component, both as the root and as a definition.
    let list = &document["paths"]["/items"]["get"]["responses"]["200"];
    let items = &list["content"]["application/json"]["schema"]["items"]["$ref"];
    assert_eq!(*items, "#/components/schemas/Item");
    assert_eq!(
        document["components"]["schemas"].as_object().unwrap().len(),
        7
    );
}

#[test]
fn the_same_app_has_the_same_document() {
    assert_eq!(document(&shop()).to_string(), document(&shop()).to_string());
}

#[test]
fn every_reference_leads_somewhere_and_every_id_is_one_operations() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            Value::Object(members) => members.iter().for_each(|(name, value)| match value {
                Value::String(text) if name == "$ref" => found.push(text),
                value => references(value, found),
            }),
            _ => {}
        }
    }
    let document = document(&shop());
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 20);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let items = document["paths"].as_object().unwrap().values();
    let operations = items.flat_map(|item| item.as_object().unwrap().values());
    let ids: Vec<_> = operations
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(
        ids,
        [
            "list_items",
            "make_item",
            "put_items_id_photo",
            "delete_items_item_photo",
            "file",
            "file_2"
        ]
    );
}

#[test]
fn a_minimal_app_has_a_document() {
    let description = Description {
        routes: vec![RouteDescription::new(Method::Get, "/")],
        ..Description::default()
    };
    let api = OpenApi::new(&description).unwrap();
    assert_eq!(
        api.document()["info"],
        json!({"title": "app", "version": "0.0.0"})
    );
    let replies = &api.document()["paths"]["/"]["get"]["responses"];
    let statuses: Vec<_> = replies.as_object().unwrap().keys().collect();
    assert_eq!(statuses, ["500", "503", "504", "default"]);
    let settings = api.settings();
    assert_eq!(
        (
            settings.served,
            settings.path.as_str(),
            settings.docs.as_str()
        ),
        (true, "/openapi.json", "/docs")
    );
}

#[test]
fn invalid_openapi_settings_are_load_errors() {
    let error = |settings: Value| {
        let description = Description {
            routes: vec![RouteDescription::new(Method::Get, "/")],
            settings: settings.to_string(),
            ..Description::default()
        };
        let of_app = App::new(&description, &Defaults::default()).map(drop);
        assert_eq!(
            of_app.is_err(),
            OpenApi::new(&description).is_err(),
            "{settings}"
        );
        of_app
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    };
    assert_eq!(error(json!({"openapi": false})), "");
    assert_eq!(
        error(json!({"openapi": {"docs": "/reference", "license": {"name": "MIT"}}})),
        ""
    );
    let wrong = error(json!({"openapi": {"titel": "x"}}));
    assert!(
        wrong.contains("in `openapi`: unknown field `titel`"),
        "{wrong}"
    );
    assert!(
        error(json!({"openapi": {"path": "openapi.json"}})).contains("`path` is `openapi.json`")
    );
    assert!(error(json!({"openapi": {"docs": "/a{b}"}})).contains("`docs` is `/a{b}`"));
    assert!(error(json!({"openapi": {"docs": "/openapi%2ejson"}})).contains("both"));
    let both = json!({"openapi": {"license": {"name": "MIT", "identifier": "MIT", "url": "https://a.example"}}});
    assert!(error(both).contains("both `identifier` and `url`"));
}

#[test]
fn settings_of_an_app_or_a_route_are_rejected_elsewhere() {
    let error = |app: &str, route: &str| {
        let mut described = RouteDescription::new(Method::Get, "/");
        described.settings = route.to_owned();
        let description = Description {
            routes: vec![described],
            settings: app.to_owned(),
            ..Description::default()
        };
        App::new(&description, &Defaults::default())
            .unwrap_err()
            .to_string()
    };
    assert!(error("", r#"{"openapi": false}"#).contains("`openapi`, which is for the whole app"));
    assert!(error(r#"{"deprecated": true}"#, "").contains("`deprecated` is for a route"));
}

#[test]
fn invalid_replies_name_the_route() {
    let mut described = RouteDescription::new(Method::Get, "/a");
    described.replies = r#"{"fine": {}}"#.to_owned();
    let description = Description {
        routes: vec![described],
        ..Description::default()
    };
    let error = OpenApi::new(&description).unwrap_err().to_string();
    assert!(
        error.starts_with("route `GET /a` cannot be served: its replies name `fine`"),
        "{error}"
    );
}
