//! The parameters and the body of a route (OpenAPI 3.1), as its arguments declare them.

use std::any::TypeId;

use serde_json::{Map, Value, json};

use crate::pattern;
use crate::stage::EarlyStage;
use crate::states::States;

/// The location of a parameter in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// In a header.
    Header,
    /// In a cookie.
    Cookie,
}

impl Source {
    /// Returns the OpenAPI name of the location.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }
}

/// The parameters and the body of a route, collected from the arguments of its handler and hooks.
///
/// An implementation of [`FromRequest`](crate::FromRequest) adds the parameters that it reads. The
/// host rejects a request that does not match them.
#[derive(Debug)]
pub struct Declaration<'a> {
    pattern: &'a str,
    parameters: Vec<Value>,
    keys: Vec<String>,
    body: Option<Value>,
    takes_body: bool,
    raw_body: bool,
    hook: Option<EarlyStage>,
    /// True for functions that no request calls.
    is_outside: bool,
    fault: Option<String>,
    states: &'a States,
}

impl<'a> Declaration<'a> {
    pub(crate) fn new(pattern: &'a str, states: &'a States) -> Self {
        Self {
            pattern,
            states,
            parameters: Vec::new(),
            keys: Vec::new(),
            body: None,
            takes_body: false,
            raw_body: false,
            hook: None,
            is_outside: false,
            fault: None,
        }
    }

    /// Creates the declaration of functions that no request calls.
    pub(crate) fn outside_of_requests(states: &'a States) -> Self {
        Self {
            is_outside: true,
            ..Self::new("", states)
        }
    }

    /// Attributes all further declarations to the hooks of a stage.
    pub(crate) fn of_hook(&mut self, stage: EarlyStage) {
        self.hook = Some(stage);
    }

    /// Returns true if the app has a state of this type.
    pub(crate) fn has_state(&self, id: TypeId) -> bool {
        self.states.contains(id)
    }

    /// Returns the parameter names of the route's path, in order.
    pub fn path_names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        pattern::names(self.pattern)
    }

    /// Declares a parameter. The host coerces it to its schema and validates it. The header
    /// `x-api-key` becomes the member `x_api_key` of the parameters.
    ///
    /// The members `x-style` and `x-explode` of the schema become the parameter's
    /// `style` and `explode`.
    pub fn parameter(&mut self, source: Source, name: &str, required: bool, mut schema: Value) {
        if self.is_outside {
            return self.fault("takes a parameter, but there is no request; leave it out");
        }
        let key = if source == Source::Header {
            name.replace('-', "_")
        } else {
            name.to_owned()
        };
        if matches!(
            self.hook,
            Some(EarlyStage::OnRequest | EarlyStage::PreValidation)
        ) {
            return self.fault(
                "takes a parameter, which nothing has checked yet; take a `Request`, or make it a pre-handler hook",
            );
        }
        let mut take = |member| {
            schema
                .as_object_mut()
                .and_then(|schema| schema.remove(member))
        };
        let (style, explode) = (take("x-style"), take("x-explode"));
        let required = required || source == Source::Path;
        let mut parameter = json!({
            "name": name, "in": source.as_str(), "required": required, "schema": schema,
        });
        for (member, value) in [("style", style), ("explode", explode)] {
            if let Some(value) = value {
                parameter[member] = value;
            }
        }
        if key != name {
            parameter["key"] = Value::from(key.as_str());
        }
        if let Some(at) = self.keys.iter().position(|have| *have == key) {
            // A hook may take what the handler, or another hook, takes.
            if self.hook.is_some() && self.parameters.get(at) == Some(&parameter) {
                return;
            }
            return self.fault(match self.hook {
                Some(_) => format!("takes another `{key}` than the route; give both one type"),
                None => format!("declares the parameter `{key}` twice; give one another name"),
            });
        }
        self.keys.push(key);
        self.parameters.push(parameter);
    }

    /// Declares the body: its content types, and one schema for all of them.
    pub fn body(&mut self, required: bool, content_types: &[&str], schema: &Value) {
        self.take_body();
        let content = content_types
            .iter()
            .map(|name| ((*name).to_owned(), json!({ "schema": schema })));
        self.body =
            Some(json!({ "required": required, "content": content.collect::<Map<_, _>>() }));
    }

    /// Declares that an argument takes a body of any content type.
    pub fn any_body(&mut self) {
        self.take_body();
    }

    /// Declares that an argument takes the body as bytes, whatever its content type.
    pub fn raw_body(&mut self) {
        self.take_body();
        self.raw_body = true;
    }

    /// Reports a fault of the route. The sentence follows the name of the route: `takes ...`,
    /// `declares ...`. Only the first fault counts.
    pub fn fault(&mut self, sentence: impl Into<String>) {
        let hook = self.hook;
        self.fault.get_or_insert_with(|| match hook {
            Some(stage) => format!("has {} hook that {}", stage.with_article(), sentence.into()),
            None => sentence.into(),
        });
    }

    fn take_body(&mut self) {
        if self.is_outside {
            return self.fault("takes a body, but there is no request; leave it out");
        }
        if self.hook.is_some() {
            return self.fault("takes the body, which crosses to the handler alone; a pre-handler hook can ask for `Request::raw_body`");
        }
        if self.takes_body {
            self.fault("takes its body twice; leave one of the arguments out");
        }
        self.takes_body = true;
    }

    /// Makes the declared body optional.
    pub(crate) fn optional_body(&mut self) {
        if let Some(body) = &mut self.body {
            body["required"] = Value::from(false);
        }
    }

    pub(crate) fn finish(self) -> Result<RouteDocuments, String> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let parameters = match self.parameters.as_slice() {
            [] => String::new(),
            some => Value::from(some).to_string(),
        };
        let body = self.body.map(|body| body.to_string()).unwrap_or_default();
        Ok(RouteDocuments {
            parameters,
            body,
            raw_body: self.raw_body,
        })
    }
}

/// The JSON documents of a declaration, for the WIT record `route`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RouteDocuments {
    pub(crate) parameters: String,
    pub(crate) body: String,
    pub(crate) raw_body: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_gets_a_key_that_is_an_identifier() {
        let states = States::default();
        let mut declaration = Declaration::new("/", &states);
        declaration.parameter(Source::Header, "x-api-key", true, json!({"type": "string"}));
        let declared = declaration.finish().expect("a declaration");
        let expected = json!([{
            "name": "x-api-key", "key": "x_api_key", "in": "header", "required": true,
            "schema": {"type": "string"},
        }]);
        assert_eq!(
            serde_json::from_str::<Value>(&declared.parameters).expect("json"),
            expected
        );
        assert_eq!((declared.body.as_str(), declared.raw_body), ("", false));
    }

    #[test]
    fn two_parameters_of_one_name_and_two_bodies_are_faults() {
        let states = States::default();
        let mut declaration = Declaration::new("/{id}", &states);
        declaration.parameter(Source::Path, "id", true, json!(true));
        declaration.parameter(Source::Query, "id", true, json!(true));
        let fault = declaration.finish().expect_err("a fault");
        assert_eq!(
            fault,
            "declares the parameter `id` twice; give one another name"
        );

        let states = States::default();
        let mut declaration = Declaration::new("/", &states);
        declaration.raw_body();
        declaration.body(true, &["application/json"], &json!(true));
        let fault = declaration.finish().expect_err("a fault");
        assert_eq!(
            fault,
            "takes its body twice; leave one of the arguments out"
        );
    }
}
