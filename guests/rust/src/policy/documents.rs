//! The options of the OpenAPI document.

use std::collections::BTreeMap;

use serde::Serialize;

use super::security::SecurityScheme;
use super::values::Text;

/// The path and the metadata of the app's OpenAPI document. The host generates the document from
/// the routes and serves it. Pass `None` to [`App::openapi`](crate::App::openapi) to turn it off.
///
/// ```
/// # use spikard_wasm_sdk::{App, OpenApi};
/// let app = App::new("users").openapi(
///     OpenApi::new()
///         .title("Users")
///         .description("Who they are.")
///         .license_spdx("MIT", "MIT")
///         .server("https://api.example", "production"),
/// );
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[must_use = "it does nothing until you add it to an app"]
pub struct OpenApi {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    docs: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    terms_of_service: Option<Text>,
    #[serde(skip_serializing_if = "Contact::is_empty")]
    contact: Contact,
    #[serde(skip_serializing_if = "Option::is_none")]
    license: Option<License>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    servers: Vec<Server>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    security_schemes: BTreeMap<Text, SecurityScheme>,
}

#[derive(Clone, Debug, Default, Serialize)]
struct Contact {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<Text>,
}

impl Contact {
    fn is_empty(&self) -> bool {
        self.name.is_none() && self.url.is_none() && self.email.is_none()
    }
}

#[derive(Clone, Debug, Serialize)]
struct License {
    name: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    identifier: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<Text>,
}

#[derive(Clone, Debug, Serialize)]
struct Server {
    url: Text,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: Text,
}

#[derive(Clone, Debug, Serialize)]
struct Tag {
    name: Text,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: Text,
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        $($(#[$doc])*
        pub fn $name(mut self, $name: impl Into<Text>) -> Self {
            self.$name = Some($name.into());
            self
        })*
    };
}

impl OpenApi {
    /// Uses the defaults: the app's name and version, at `/openapi.json` and `/docs`.
    pub fn new() -> Self {
        Self::default()
    }

    texts! {
        /// Sets the path of the document.
        path,
        /// Sets the path of the viewer.
        docs,
        /// Sets the title; the app's name by default.
        title,
        /// Sets the description, in Markdown (CommonMark).
        description,
        /// Sets the URL of the terms of service.
        terms_of_service,
    }

    /// Sets the name of the contact.
    pub fn contact_name(mut self, name: impl Into<Text>) -> Self {
        self.contact.name = Some(name.into());
        self
    }

    /// Sets the URL of the contact.
    pub fn contact_url(mut self, url: impl Into<Text>) -> Self {
        self.contact.url = Some(url.into());
        self
    }

    /// Sets the email address of the contact.
    pub fn contact_email(mut self, email: impl Into<Text>) -> Self {
        self.contact.email = Some(email.into());
        self
    }

    /// Sets the license by name.
    pub fn license(mut self, name: impl Into<Text>) -> Self {
        self.license = Some(License {
            name: name.into(),
            identifier: None,
            url: None,
        });
        self
    }

    /// Sets the license by name and SPDX expression, such as `MIT OR Apache-2.0`.
    pub fn license_spdx(mut self, name: impl Into<Text>, expression: impl Into<Text>) -> Self {
        self.license = Some(License {
            name: name.into(),
            identifier: Some(expression.into()),
            url: None,
        });
        self
    }

    /// Sets the license by name and URL.
    pub fn license_url(mut self, name: impl Into<Text>, url: impl Into<Text>) -> Self {
        self.license = Some(License {
            name: name.into(),
            identifier: None,
            url: Some(url.into()),
        });
        self
    }

    /// Adds the URL of a server. The description can be empty.
    pub fn server(mut self, url: impl Into<Text>, description: impl Into<Text>) -> Self {
        self.servers.push(Server {
            url: url.into(),
            description: description.into(),
        });
        self
    }

    /// Adds a security scheme, which `security` of an app, a router or a route names.
    pub fn security_scheme(mut self, name: impl Into<Text>, scheme: SecurityScheme) -> Self {
        self.security_schemes.insert(name.into(), scheme);
        self
    }

    /// Adds the description of a tag.
    pub fn tag(mut self, name: impl Into<Text>, description: impl Into<Text>) -> Self {
        self.tags.push(Tag {
            name: name.into(),
            description: description.into(),
        });
        self
    }
}
