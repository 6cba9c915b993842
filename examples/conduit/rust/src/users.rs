//! Registration, login and the current user.

mod model;
mod queries;

use spikard_wasm_sdk::{Json, Route, get, password, post, put, routes};

use crate::auth::{CurrentUser, issue_token, require_user};
use crate::errors::Error;
use model::{Credentials, NewUser, User, UserChanges, UserEnvelope, UserRow};

type UserReply = Result<Json<UserEnvelope<User>>, Error>;

async fn reply(row: Option<UserRow>) -> UserReply {
    let row = row.ok_or(Error::Rejected(401, "token", "is of an unknown user"))?;
    let user = User {
        token: issue_token(row.id).await?,
        username: row.username,
        email: row.email,
        bio: row.bio,
        image: row.image,
    };
    Ok(Json(UserEnvelope { user }))
}

#[post("/api/users", status = 201, tags = ["users"])]
async fn register(Json(body): Json<UserEnvelope<NewUser>>) -> UserReply {
    let hash = password::hash(&body.user.password).await?;
    reply(queries::insert_user(&body.user, &hash).await?).await
}

#[post("/api/users/login", tags = ["users"])]
async fn log_in(Json(body): Json<UserEnvelope<Credentials>>) -> UserReply {
    let Credentials {
        email,
        password: given,
    } = body.user;
    let invalid = Error::Rejected(401, "credentials", "invalid");
    let Some(row) = queries::find_user_by_email(&email).await? else {
        return Err(invalid);
    };
    if !password::verify(&given, &row.password_hash).await? {
        return Err(invalid);
    }
    reply(Some(row)).await
}

#[get("/api/user", on_request = require_user, tags = ["users"])]
async fn current_user(CurrentUser(id): CurrentUser) -> UserReply {
    reply(queries::find_user(id).await?).await
}

#[put("/api/user", on_request = require_user, tags = ["users"])]
async fn update_current_user(
    CurrentUser(id): CurrentUser,
    Json(body): Json<UserEnvelope<UserChanges>>,
) -> UserReply {
    let changes = body.user;
    let hash = match &changes.password {
        Some(new) => Some(password::hash(new).await?),
        None => None,
    };
    reply(queries::update_user(id, &changes, hash.as_deref()).await?).await
}

pub fn routes() -> Vec<Route> {
    routes![register, log_in, current_user, update_current_user]
        .into_iter()
        .collect()
}
