//! The `openapi` member of an app's settings.

use std::collections::BTreeMap;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::path::normalize;

/// The settings of an app's OpenAPI document: `false` to turn it off, `true`, or an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenApiSettings {
    /// True if the host serves the document and its viewer.
    pub served: bool,
    /// The path of the document.
    pub path: String,
    /// The path of the viewer.
    pub docs: String,
    /// The title. The default is the app's name.
    pub title: Option<String>,
    /// A description in CommonMark. The default is the app's `description` setting.
    pub description: Option<String>,
    /// A link to the terms of service.
    pub terms_of_service: Option<String>,
    /// The contact for the API.
    pub contact: Option<Contact>,
    /// The license of the API.
    pub license: Option<License>,
    /// The servers of the API. If empty, the server of the document.
    pub servers: Vec<Server>,
    /// Descriptions of tags, in display order.
    pub tags: Vec<Tag>,
    /// Security Scheme Objects of the authentication that hooks or handlers do, by name.
    pub security_schemes: BTreeMap<String, Value>,
}

impl Default for OpenApiSettings {
    fn default() -> Self {
        Wire::default().into()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Wire {
    path: String,
    docs: String,
    title: Option<String>,
    description: Option<String>,
    terms_of_service: Option<String>,
    contact: Option<Contact>,
    license: Option<License>,
    servers: Vec<Server>,
    tags: Vec<Tag>,
    security_schemes: BTreeMap<String, Value>,
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            path: "/openapi.json".to_owned(),
            docs: "/docs".to_owned(),
            title: None,
            description: None,
            terms_of_service: None,
            contact: None,
            license: None,
            servers: Vec::new(),
            tags: Vec::new(),
            security_schemes: BTreeMap::new(),
        }
    }
}

impl From<Wire> for OpenApiSettings {
    fn from(wire: Wire) -> Self {
        Self {
            served: true,
            path: wire.path,
            docs: wire.docs,
            title: wire.title,
            description: wire.description,
            terms_of_service: wire.terms_of_service,
            contact: wire.contact,
            license: wire.license,
            servers: wire.servers,
            tags: wire.tags,
            security_schemes: wire.security_schemes,
        }
    }
}

/// A Contact Object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Contact {
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// An email address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// A License Object.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct License {
    /// The name.
    pub name: String,
    /// An SPDX license expression; excludes `url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    /// A link to the license text; excludes `identifier`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A Server Object.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// The URL, which can contain variables: `https://{region}.example`.
    pub url: String,
    /// A description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The variables of the URL.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, ServerVariable>,
}

/// A Server Variable Object.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ServerVariable {
    /// The allowed values, if they are limited.
    #[serde(rename = "enum", skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<String>>,
    /// The default value.
    pub default: String,
    /// A description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A Tag Object.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// The tag, as in the settings of routes.
    pub name: String,
    /// A description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A link to more documentation.
    #[serde(rename = "externalDocs", skip_serializing_if = "Option::is_none")]
    pub external_docs: Option<ExternalDocs>,
}

/// An External Documentation Object.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalDocs {
    /// The link.
    pub url: String,
    /// A description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl<'de> Deserialize<'de> for OpenApiSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if let Value::Bool(served) = value {
            return Ok(Self {
                served,
                ..Self::default()
            });
        }
        let wire: Wire = serde_json::from_value(value)
            .map_err(|error| D::Error::custom(format!("in `openapi`: {error}")))?;
        check(&wire).map_err(D::Error::custom)?;
        Ok(wire.into())
    }
}

fn check(wire: &Wire) -> Result<(), String> {
    for (member, path) in [("path", &wire.path), ("docs", &wire.docs)] {
        let is_path = path.starts_with('/')
            && !path.contains(|c: char| c.is_control() || "{}?# \"<>\\".contains(c));
        if !is_path {
            return Err(format!(
                "in `openapi`: `{member}` is `{path}`; write a path that begins with `/` and has no parameters"
            ));
        }
    }
    if normalize(&wire.path) == normalize(&wire.docs) {
        return Err(format!(
            "in `openapi`: `path` and `docs` are both `{}`; give the viewer another path",
            wire.path
        ));
    }
    for (name, scheme) in &wire.security_schemes {
        if !scheme.get("type").is_some_and(Value::is_string) {
            return Err(format!(
                "in `openapi`: the security scheme `{name}` has no `type`; write a Security Scheme Object, such as {{\"type\": \"http\", \"scheme\": \"bearer\"}}"
            ));
        }
    }
    match &wire.license {
        Some(license) if license.identifier.is_some() && license.url.is_some() => {
            Err("in `openapi`: the license has both `identifier` and `url`; remove one".to_owned())
        }
        _ => Ok(()),
    }
}
