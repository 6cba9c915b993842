//! What replies about profiles contain.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A user, as others see it.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Profile {
    pub username: String,
    pub bio: Option<String>,
    pub image: Option<String>,
    pub following: bool,
}

#[derive(Serialize, JsonSchema)]
pub struct ProfileReply {
    pub profile: Profile,
}
