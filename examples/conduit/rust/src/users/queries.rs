//! Statements about users.

use spikard_wasm_sdk::{IntoParams, OperationError, params};

use super::model::{NewUser, UserChanges, UserRow};
use crate::database::{DB, Statement};
use crate::errors::Error;

pub async fn find_user(id: i64) -> Result<Option<UserRow>, Error> {
    let sql = "select * from users where id = $1";
    Ok(DB.first_as(sql, params![id]).await?)
}

pub async fn find_user_by_email(email: &str) -> Result<Option<UserRow>, Error> {
    let sql = "select * from users where email = $1";
    Ok(DB.first_as(sql, params![email]).await?)
}

pub async fn insert_user(user: &NewUser, password_hash: &str) -> Result<Option<UserRow>, Error> {
    let sql = "insert into users (username, email, password_hash) values ($1, $2, $3) returning *";
    write_user(sql, params![user.username, user.email, password_hash]).await
}

/// Changes the fields that are given.
pub async fn update_user(
    id: i64,
    changes: &UserChanges,
    password_hash: Option<&str>,
) -> Result<Option<UserRow>, Error> {
    let mut statement = Statement::new()
        .set("username", changes.username.as_ref())
        .set("email", changes.email.as_ref())
        .set("password_hash", password_hash)
        .set("bio", changes.bio.as_ref())
        .set("image", changes.image.as_ref());
    let assignments = statement.assignments();
    if assignments.is_empty() {
        return find_user(id).await;
    }
    let id = statement.add(&id);
    let sql = format!("update users set {assignments} where id = {id} returning *");
    write_user(&sql, statement).await
}

async fn write_user(sql: &str, params: impl IntoParams) -> Result<Option<UserRow>, Error> {
    DB.first_as(sql, params).await.map_err(taken)
}

fn taken(error: OperationError) -> Error {
    if !error.is_unique() {
        return error.into();
    }
    let is_email = error.columns().iter().any(|column| column == "email");
    let field = if is_email { "email" } else { "username" };
    Error::Rejected(422, field, "has already been taken")
}
