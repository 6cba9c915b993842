//! Generates the OpenAPI 3.1 document of an app from its description.
//!
//! The document only describes the app; it does not affect requests. Settings are resolved
//! by [`RouteSettings`], as for requests, so that the document states what the host
//! enforces. The document of an app that [`App::new`](crate::App::new) accepts is valid.

mod components;
mod declared;
mod errors;
mod operation;
mod paths;
mod policies;
mod replies;
mod schemas;
mod security;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use crate::{AppError, Description, PathPattern, RouteDescription};

pub use declared::{Contact, ExternalDocs, License, OpenApiSettings, Server, ServerVariable, Tag};

use components::Components;
use operation::Operation;
use paths::Paths;
use policies::Policies;

/// The OpenAPI version of the documents.
const VERSION: &str = "3.1.0";

/// The OpenAPI document of an app, and its settings.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenApi {
    document: Value,
    settings: OpenApiSettings,
}

impl OpenApi {
    /// Generates the document of a valid app.
    ///
    /// # Errors
    /// Names the route whose declarations are invalid.
    pub fn new(description: &Description) -> Result<Self, AppError> {
        let of_app = Policies::of_app(&description.settings).map_err(AppError::Settings)?;
        let settings: OpenApiSettings = match of_app.get_raw("openapi") {
            Some(value) => serde_json::from_value(value.clone())
                .map_err(|error| AppError::Settings(error.to_string()))?,
            None => OpenApiSettings::default(),
        };
        let mut components = Components::default();
        let mut paths = Paths::default();
        let mut ids = operation::Ids::default();
        for route in &description.routes {
            let wrong = |reason: String| AppError::Route {
                route: format!("{} {}", route.method, route.path),
                reason,
            };
            let policies = of_app.under(&route.settings).map_err(wrong)?;
            let pattern = PathPattern::parse(&route.path)
                .map_err(|error| wrong(format!("its path does not parse: {error}")))?;
            let template = paths::Template::of(&pattern);
            let names = paths.names_of(&template);
            let operation = Operation {
                route,
                id: ids.make(route, &template),
                policies: &policies,
                template: &template,
                names: &names,
            };
            let value = operation.write(&mut components).map_err(wrong)?;
            paths.add(template, route.method, value);
        }
        let mut document = Map::new();
        document.insert("openapi".to_owned(), VERSION.into());
        document.insert("info".to_owned(), info(description, &of_app, &settings));
        if !settings.servers.is_empty() {
            document.insert("servers".to_owned(), json!(settings.servers));
        }
        document.insert("paths".to_owned(), paths.into_value());
        document.insert("components".to_owned(), components.into_value());
        if !settings.tags.is_empty() {
            document.insert("tags".to_owned(), json!(settings.tags));
        }
        Ok(Self {
            document: Value::Object(document),
            settings,
        })
    }

    /// Adds the mount prefix of an app as the server, unless the app declares servers.
    #[must_use]
    pub fn below(mut self, prefix: &str) -> Self {
        if let (Value::Object(document), false) = (&mut self.document, prefix.is_empty()) {
            let servers = document.entry("servers");
            servers.or_insert_with(|| json!([{"url": prefix}]));
        }
        self
    }

    /// Returns the document.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// Returns the settings of the document.
    #[must_use]
    pub fn settings(&self) -> &OpenApiSettings {
        &self.settings
    }
}

fn info(description: &Description, app: &Policies, settings: &OpenApiSettings) -> Value {
    let or = |text: &str, other: &str| if text.is_empty() { other } else { text }.to_owned();
    let mut info = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            info.insert(name.to_owned(), value);
        }
    };
    let title = settings.title.clone();
    put(
        "title",
        Some(title.unwrap_or_else(|| or(&description.name, "app")).into()),
    );
    put("summary", app.text("summary").map(Value::from));
    let words = settings.description.clone();
    put(
        "description",
        words.or_else(|| app.text("description")).map(Value::from),
    );
    put(
        "termsOfService",
        settings.terms_of_service.clone().map(Value::from),
    );
    put(
        "contact",
        settings.contact.as_ref().map(|contact| json!(contact)),
    );
    put(
        "license",
        settings.license.as_ref().map(|license| json!(license)),
    );
    put("version", Some(or(&description.version, "0.0.0").into()));
    Value::Object(info)
}

impl RouteDescription {
    /// Returns true if the route declares no body but HTTP defines one for its method.
    fn takes_undeclared_body(&self) -> bool {
        use crate::Method;
        self.body.is_empty() && matches!(self.method, Method::Post | Method::Put | Method::Patch)
    }
}
