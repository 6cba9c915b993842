//! Generates the OpenAPI 3.1 document of an app from its description.
//!
//! The document only describes the app; it does not affect requests. Settings are resolved
//! by [`RouteSettings`], as for requests, so that the document states what the host
//! enforces. The document of an app that [`App::new`](crate::App::new) accepts is valid.

mod components;
mod errors;
mod object;
mod operation;
mod paths;
mod replies;
mod schemas;
mod security;
mod settings;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use crate::route_settings::RouteSettings;
use crate::settings::Settings;
use crate::{AppError, Description, PathPattern, RouteDescription};

pub use settings::{Contact, ExternalDocs, License, OpenApiSettings, Server, ServerVariable, Tag};

use components::Components;
use operation::Operation;
use paths::Paths;

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
        let app = Settings::parse(&description.settings)
            .map_err(|error| AppError::Settings(error.to_string()))?;
        let settings = app.openapi.clone().unwrap_or_default();
        let mut components = Components::default();
        let mut paths = Paths::default();
        let mut ids = operation::OperationIds::default();
        for route in &description.routes {
            let wrong = |reason: String| AppError::Route {
                route: format!("{} {}", route.method, route.path),
                reason,
            };
            let own = Settings::parse_route(&route.settings).map_err(wrong)?;
            let pattern = PathPattern::parse(&route.path)
                .map_err(|error| wrong(format!("its path does not parse: {error}")))?;
            let template = paths::Template::of(&pattern);
            let names = paths.names_of(&template);
            let operation = Operation {
                route,
                id: ids.assign(route, &template),
                settings: RouteSettings::new(&app, &own),
                template: &template,
                names: &names,
            };
            let value = operation.write(&mut components).map_err(wrong)?;
            paths.add(template, route.method, value);
        }
        let mut document = Map::new();
        document.insert("openapi".to_owned(), VERSION.into());
        document.insert("info".to_owned(), info(description, &app, &settings));
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

fn info(description: &Description, app: &Settings, settings: &OpenApiSettings) -> Value {
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
    put("summary", app.summary.clone().map(Value::from));
    let text = settings.description.as_ref().or(app.description.as_ref());
    put("description", text.cloned().map(Value::from));
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
    fn accepts_undeclared_body(&self) -> bool {
        use crate::Method;
        self.body.is_empty() && matches!(self.method, Method::Post | Method::Put | Method::Patch)
    }
}
