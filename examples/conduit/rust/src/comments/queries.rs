//! Statements about comments.

use serde::Deserialize;
use spikard_wasm_sdk::params;

use super::model::Comment;
use crate::database::DB;
use crate::errors::Error;
use crate::profiles::Profile;
use crate::timestamp::Timestamp;

#[derive(Deserialize)]
struct CommentRow {
    id: i64,
    body: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    username: String,
    bio: Option<String>,
    image: Option<String>,
    following: bool,
}

impl From<CommentRow> for Comment {
    fn from(row: CommentRow) -> Self {
        let CommentRow {
            username,
            bio,
            image,
            following,
            ..
        } = row;
        Self {
            id: row.id,
            created_at: row.created_at,
            updated_at: row.updated_at,
            body: row.body,
            author: Profile {
                username,
                bio,
                image,
                following,
            },
        }
    }
}

const SELECT: &str = "
    select c.id, c.body, c.created_at, c.updated_at, u.username, u.bio, u.image,
      exists (select 1 from follows f where f.follower_id = $1 and f.followed_id = u.id) as following
    from comments c
    join users u on u.id = c.author_id";

/// Returns the comments of an article, most recent first.
pub async fn list_comments(slug: &str, viewer: Option<i64>) -> Result<Vec<Comment>, Error> {
    let sql = "select id from articles where slug = $1";
    let article: Option<i64> = DB.first_as(sql, params![slug]).await?;
    let article = article.ok_or(Error::not_found("article"))?;
    let sql = format!("{SELECT} where c.article_id = $2 order by c.id desc");
    let rows: Vec<CommentRow> = DB.query_as(&sql, params![viewer, article]).await?;
    Ok(rows.into_iter().map(Comment::from).collect())
}

pub async fn insert_comment(slug: &str, author: i64, body: &str) -> Result<Comment, Error> {
    let sql = "
        insert into comments (body, author_id, article_id)
        select cast($1 as text), cast($2 as bigint), id from articles where slug = $3
        returning id";
    let id: Option<i64> = DB.first_as(sql, params![body, author, slug]).await?;
    let sql = format!("{SELECT} where c.id = $2");
    let row: Option<CommentRow> = match id {
        Some(id) => DB.first_as(&sql, params![author, id]).await?,
        None => None,
    };
    Ok(row.ok_or(Error::not_found("article"))?.into())
}

pub async fn delete_comment(slug: &str, id: i64, user: i64) -> Result<(), Error> {
    let sql = "
        select c.author_id from comments c
        join articles a on a.id = c.article_id
        where c.id = $1 and a.slug = $2";
    let author: Option<i64> = DB.first_as(sql, params![id, slug]).await?;
    if author.ok_or(Error::not_found("comment"))? != user {
        return Err(Error::forbidden("comment"));
    }
    DB.execute("delete from comments where id = $1", params![id])
        .await?;
    Ok(())
}
