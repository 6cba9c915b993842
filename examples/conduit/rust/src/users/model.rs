//! What requests and replies about users contain.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::{OptionalText, Text, present};

pub type Username = Text<100>;
pub type Email = Text<254>;
pub type Password = Text<1000>;

/// A body or reply with the one member `user`.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct UserEnvelope<T> {
    pub user: T,
}

#[derive(Deserialize, JsonSchema)]
pub struct NewUser {
    pub username: Username,
    #[schemars(email)]
    pub email: Email,
    pub password: Password,
}

#[derive(Deserialize, JsonSchema)]
pub struct Credentials {
    pub email: Email,
    pub password: Password,
}

/// Changes of a user. `with` excludes null.
#[derive(Deserialize, JsonSchema)]
pub struct UserChanges {
    #[serde(default)]
    #[schemars(with = "Username")]
    pub username: Option<Username>,
    #[serde(default)]
    #[schemars(with = "Email", email)]
    pub email: Option<Email>,
    #[serde(default)]
    #[schemars(with = "Password")]
    pub password: Option<Password>,
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "OptionalText<10_000>")]
    pub bio: Option<OptionalText<10_000>>,
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "OptionalText<2000>")]
    pub image: Option<OptionalText<2000>>,
}

/// A row of `users`.
#[derive(Deserialize)]
pub struct UserRow {
    pub id: i64,
    pub username: String,
    pub email: String,
    pub password_hash: String,
    pub bio: Option<String>,
    pub image: Option<String>,
}

/// A user, as only that user sees it.
#[derive(Serialize, JsonSchema)]
pub struct User {
    pub username: String,
    pub email: String,
    pub token: String,
    pub bio: Option<String>,
    pub image: Option<String>,
}
