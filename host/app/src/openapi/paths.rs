//! The Paths Object of a document, and the conversion of patterns to path templates.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::{Method, PathPattern};

/// A path pattern as an OpenAPI path template.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Template {
    /// The template, with the names of the pattern.
    pub(super) text: String,
    /// The template without names. OpenAPI considers templates identical that differ only
    /// in names.
    canonical: String,
    /// The parameters, from left to right.
    pub(super) parameters: Vec<PathParameter>,
}

/// A parameter of a pattern.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PathParameter {
    pub(super) name: String,
    /// True for `{*rest}`, which binds all remaining segments.
    pub(super) is_rest: bool,
    /// The schema of its type in the pattern, such as `{id:int}`.
    pub(super) schema: Option<Value>,
}

impl Template {
    pub(super) fn of(pattern: &PathPattern) -> Self {
        let canonical = pattern.canonical();
        let parameters = pattern.parameters();
        // `{*rest}` can only be the last parameter.
        let last = pattern.names().len().checked_sub(1);
        let rest = last.filter(|_| canonical.contains("{*"));
        Self {
            text: pattern.template(),
            canonical: canonical.replace("{*", "{"),
            parameters: parameters
                .enumerate()
                .map(|(index, (name, schema))| PathParameter {
                    name: name.to_owned(),
                    is_rest: rest == Some(index),
                    schema,
                })
                .collect(),
        }
    }
}

/// The Paths Object, in the order of the routes.
#[derive(Debug, Default)]
pub(super) struct Paths {
    items: Vec<(Template, Map<String, Value>)>,
    by_canonical: HashMap<String, usize>,
}

impl Paths {
    /// Returns the names of a template's parameters in the document: those of the first
    /// route with an identical template.
    pub(super) fn names_of(&self, template: &Template) -> Vec<String> {
        let first = self.by_canonical.get(&template.canonical);
        let first = first.and_then(|index| self.items.get(*index));
        let template = first.map_or(template, |(first, _)| first);
        let names = template.parameters.iter();
        names.map(|parameter| parameter.name.clone()).collect()
    }

    /// Adds an operation. OpenAPI cannot distinguish `/{name}` from `/{*rest}`. If both have
    /// the same method, the description of the first operation mentions the second.
    pub(super) fn add(&mut self, template: Template, method: Method, operation: Value) {
        let index = *self
            .by_canonical
            .entry(template.canonical.clone())
            .or_insert_with(|| {
                self.items.push((template.clone(), Map::new()));
                self.items.len() - 1
            });
        let Some((_, item)) = self.items.get_mut(index) else {
            return;
        };
        let method = method.as_str().to_ascii_lowercase();
        match item.get_mut(&method) {
            None => {
                item.insert(method, operation);
            }
            Some(first) => {
                let id = operation["operationId"].as_str().unwrap_or_default();
                let note = format!(
                    "Another operation, `{id}`, has the same method and path, but its last parameter matches a different number of segments; OpenAPI cannot distinguish the two paths."
                );
                let words = match first["description"].as_str() {
                    Some(words) => format!("{words}\n\n{note}"),
                    None => note,
                };
                first["description"] = json!(words);
            }
        }
    }

    pub(super) fn into_value(self) -> Value {
        let items = self.items.into_iter();
        Value::Object(
            items
                .map(|(template, item)| (template.text, Value::Object(item)))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pattern: &str) -> Template {
        Template::of(&PathPattern::parse(pattern).unwrap())
    }

    #[test]
    fn patterns_become_templates() {
        let template = of("/a/{id:int}/{*rest}");
        assert_eq!(template.text, "/a/{id}/{rest}");
        let id = &template.parameters[0];
        assert_eq!(
            (id.is_rest, id.schema.clone()),
            (false, Some(json!({"type": "integer"})))
        );
        assert!(template.parameters[1].is_rest && of("/{rest:path}").parameters[0].is_rest);
        assert_eq!(of("/plain").text, "/plain");
    }

    #[test]
    fn one_path_has_the_names_of_its_first_route() {
        let mut paths = Paths::default();
        paths.add(of("/u/{id}"), Method::Get, json!({"operationId": "a"}));
        let other = of("/u/{user}");
        assert_eq!(paths.names_of(&other), ["id"]);
        paths.add(other, Method::Delete, json!({"operationId": "b"}));
        paths.add(of("/u/{*rest}"), Method::Get, json!({"operationId": "c"}));
        let value = paths.into_value();
        assert_eq!(value["/u/{id}"]["delete"]["operationId"], "b");
        let words = value["/u/{id}"]["get"]["description"].as_str().unwrap();
        assert!(words.contains("`c`"), "{words}");
        assert_eq!(value.as_object().unwrap().len(), 1);
    }
}
