//! Profiles and follows.

mod model;
mod queries;

use spikard_wasm_sdk::{Json, Path, Request, Route, delete, get, post, routes};

use crate::auth::{CurrentUser, require_user, viewer};
use crate::errors::Error;
pub use model::Profile;
use model::ProfileReply;

#[get("/api/profiles/{username}", tags = ["profiles"])]
async fn read_profile(
    Path(username): Path<String>,
    request: Request,
) -> Result<Json<ProfileReply>, Error> {
    let viewer = viewer(&request).await?;
    let (_, profile) = queries::find_profile(&username, viewer).await?;
    Ok(Json(ProfileReply { profile }))
}

#[post("/api/profiles/{username}/follow", on_request = require_user, tags = ["profiles"])]
async fn follow(
    Path(username): Path<String>,
    CurrentUser(user): CurrentUser,
) -> Result<Json<ProfileReply>, Error> {
    let profile = queries::follow(user, &username).await?;
    Ok(Json(ProfileReply { profile }))
}

#[delete("/api/profiles/{username}/follow", on_request = require_user, tags = ["profiles"])]
async fn unfollow(
    Path(username): Path<String>,
    CurrentUser(user): CurrentUser,
) -> Result<Json<ProfileReply>, Error> {
    let profile = queries::unfollow(user, &username).await?;
    Ok(Json(ProfileReply { profile }))
}

pub fn routes() -> Vec<Route> {
    routes![read_profile, follow, unfollow]
        .into_iter()
        .collect()
}
