//! Comments of an article.

mod model;
mod queries;

use spikard_wasm_sdk::{Json, Path, Request, Route, delete, get, post, routes};

use crate::auth::{CurrentUser, require_user, viewer};
use crate::errors::Error;
use model::{Comment, CommentEnvelope, CommentList, NewComment};

#[get("/api/articles/{slug}/comments", tags = ["comments"])]
async fn list_comments(
    Path(slug): Path<String>,
    request: Request,
) -> Result<Json<CommentList>, Error> {
    let viewer = viewer(&request).await?;
    let comments = queries::list_comments(&slug, viewer).await?;
    Ok(Json(CommentList { comments }))
}

#[post("/api/articles/{slug}/comments", on_request = require_user, tags = ["comments"])]
async fn add_comment(
    Path(slug): Path<String>,
    CurrentUser(user): CurrentUser,
    Json(body): Json<CommentEnvelope<NewComment>>,
) -> Result<Json<CommentEnvelope<Comment>>, Error> {
    let comment = queries::insert_comment(&slug, user, &body.comment.body).await?;
    Ok(Json(CommentEnvelope { comment }))
}

#[delete("/api/articles/{slug}/comments/{id}", on_request = require_user, tags = ["comments"])]
async fn delete_comment(
    Path((slug, id)): Path<(String, i64)>,
    CurrentUser(user): CurrentUser,
) -> Result<(), Error> {
    queries::delete_comment(&slug, id, user).await
}

pub fn routes() -> Vec<Route> {
    routes![list_comments, add_comment, delete_comment]
        .into_iter()
        .collect()
}
