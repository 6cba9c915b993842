//! Statements about profiles and follows.

use serde::Deserialize;
use spikard_wasm_sdk::params;

use super::model::Profile;
use crate::database::DB;
use crate::errors::Error;

#[derive(Deserialize)]
struct ProfileRow {
    id: i64,
    username: String,
    bio: Option<String>,
    image: Option<String>,
    following: bool,
}

/// Returns the profile of a user and its id.
pub async fn find_profile(username: &str, viewer: Option<i64>) -> Result<(i64, Profile), Error> {
    let sql = "
        select u.id, u.username, u.bio, u.image,
          exists (select 1 from follows f where f.follower_id = $1 and f.followed_id = u.id) as following
        from users u
        where u.username = $2";
    let row: Option<ProfileRow> = DB.first_as(sql, params![viewer, username]).await?;
    let row = row.ok_or(Error::not_found("profile"))?;
    let profile = Profile {
        username: row.username,
        bio: row.bio,
        image: row.image,
        following: row.following,
    };
    Ok((row.id, profile))
}

pub async fn follow(follower: i64, username: &str) -> Result<Profile, Error> {
    let (followed, profile) = find_profile(username, Some(follower)).await?;
    let sql =
        "insert into follows (follower_id, followed_id) values ($1, $2) on conflict do nothing";
    DB.execute(sql, params![follower, followed]).await?;
    Ok(Profile {
        following: true,
        ..profile
    })
}

pub async fn unfollow(follower: i64, username: &str) -> Result<Profile, Error> {
    let (followed, profile) = find_profile(username, Some(follower)).await?;
    let sql = "delete from follows where follower_id = $1 and followed_id = $2";
    DB.execute(sql, params![follower, followed]).await?;
    Ok(Profile {
        following: false,
        ..profile
    })
}
