//! What requests and replies about comments contain.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::profiles::Profile;
use crate::text::Text;
use crate::timestamp::Timestamp;

/// A body or reply with the one member `comment`.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct CommentEnvelope<T> {
    pub comment: T,
}

#[derive(Deserialize, JsonSchema)]
pub struct NewComment {
    pub body: Text<50_000>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Comment {
    pub id: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub body: String,
    pub author: Profile,
}

#[derive(Serialize, JsonSchema)]
pub struct CommentList {
    pub comments: Vec<Comment>,
}
