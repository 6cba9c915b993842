//! The Components Object of a document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::errors::{self, HostError};
use super::schemas::Schemas;

/// The objects that the operations of a document share.
#[derive(Debug, Default)]
pub(super) struct Components {
    pub(super) schemas: Schemas,
    pub(super) errors: BTreeSet<HostError>,
    pub(super) headers: BTreeSet<&'static str>,
    pub(super) security: BTreeMap<String, Value>,
}

impl Components {
    pub(super) fn into_value(self) -> Value {
        let mut schemas = self.schemas;
        let mut headers = self.headers;
        let mut responses = BTreeMap::new();
        for error in self.errors {
            responses.insert(error.component_name(), error.response(&mut headers));
            schemas.add_host(error.schema());
        }
        let mut components = Map::new();
        let mut put = |name: &str, value: Value| {
            if value.as_object().is_some_and(|object| !object.is_empty()) {
                components.insert(name.to_owned(), value);
            }
        };
        put("schemas", schemas.into_value());
        put("responses", json!(responses));
        let headers = headers
            .into_iter()
            .map(|name| (name.to_owned(), errors::header_object(name)));
        put("headers", Value::Object(headers.collect()));
        put("securitySchemes", json!(self.security));
        Value::Object(components)
    }
}
