//! What the OpenAPI document says of an app beside its routes.

use serde::Serialize;

use super::values::Text;

/// What the app's OpenAPI document says of it, and where it is. The host makes the
/// document of the routes, and serves it unless [`App::openapi`](crate::App::openapi)
/// is given `None`.
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
#[must_use = "it does nothing until an app has it"]
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
    /// The app's name and version, at `/openapi.json` and `/docs`.
    pub fn new() -> Self {
        Self::default()
    }

    texts! {
        /// The path of the document.
        path,
        /// The path of the page that shows it.
        docs,
        /// The title: the app's name unless said.
        title,
        /// What the app is, in Markdown (CommonMark).
        description,
        /// The address of the terms of service.
        terms_of_service,
    }

    /// The name of whom to ask.
    pub fn contact_name(mut self, name: impl Into<Text>) -> Self {
        self.contact.name = Some(name.into());
        self
    }

    /// The page of whom to ask.
    pub fn contact_url(mut self, url: impl Into<Text>) -> Self {
        self.contact.url = Some(url.into());
        self
    }

    /// The mail address of whom to ask.
    pub fn contact_email(mut self, email: impl Into<Text>) -> Self {
        self.contact.email = Some(email.into());
        self
    }

    /// The licence, by name.
    pub fn license(mut self, name: impl Into<Text>) -> Self {
        self.license = Some(License {
            name: name.into(),
            identifier: None,
            url: None,
        });
        self
    }

    /// The licence, by name and its SPDX expression, such as `MIT OR Apache-2.0`.
    pub fn license_spdx(mut self, name: impl Into<Text>, expression: impl Into<Text>) -> Self {
        self.license = Some(License {
            name: name.into(),
            identifier: Some(expression.into()),
            url: None,
        });
        self
    }

    /// The licence, by name and the address of its text.
    pub fn license_url(mut self, name: impl Into<Text>, url: impl Into<Text>) -> Self {
        self.license = Some(License {
            name: name.into(),
            identifier: None,
            url: Some(url.into()),
        });
        self
    }

    /// Adds an address that serves the app; the description may be empty.
    pub fn server(mut self, url: impl Into<Text>, description: impl Into<Text>) -> Self {
        self.servers.push(Server {
            url: url.into(),
            description: description.into(),
        });
        self
    }

    /// Says more about a tag of routes.
    pub fn tag(mut self, name: impl Into<Text>, description: impl Into<Text>) -> Self {
        self.tags.push(Tag {
            name: name.into(),
            description: description.into(),
        });
        self
    }
}
