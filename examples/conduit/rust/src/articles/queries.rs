//! Statements about articles, their tags and favorites.

use futures_util::try_join;
use spikard_wasm_sdk::{Database, params};

use super::model::{
    Article, ArticleChanges, ArticleList, ArticleRow, Filter, NewArticle, Page, Summary, Tag,
};
use crate::database::{DB, Statement};
use crate::errors::Error;
use crate::timestamp::Timestamp;

/// The longest page. A larger limit gets this many articles.
const MAX_PAGE: i64 = 100;

/// Returns the columns of a summary. `viewer` is the placeholder of the viewer's id.
fn columns(viewer: &str) -> String {
    format!(
        "a.id, a.author_id, a.slug, a.title, a.description, a.tag_list, a.created_at, a.updated_at,
        a.favorites_count, a.author_username, a.author_bio, a.author_image,
        exists (select 1 from favorites f where f.article_id = a.id and f.user_id = {viewer}) as favorited,
        exists (select 1 from follows f where f.follower_id = {viewer} and f.followed_id = a.author_id)
          as following"
    )
}

fn condition(filter: &Filter, statement: &mut Statement) -> String {
    let mut all = vec!["true".to_owned()];
    if let Some(tag) = &filter.tag {
        let tag = statement.add(tag);
        all.push(format!(
            "a.id in (select article_id from article_tags where tag = {tag})"
        ));
    }
    if let Some(author) = &filter.author {
        let author = statement.add(author);
        all.push(format!(
            "a.author_id = (select id from users where username = {author})"
        ));
    }
    if let Some(reader) = &filter.favorited {
        let reader = statement.add(reader);
        all.push(format!(
            "a.id in (select article_id from favorites
               where user_id = (select id from users where username = {reader}))"
        ));
    }
    if let Some(user) = filter.feed_of {
        let user = statement.add(&user);
        all.push(format!(
            "a.author_id in (select followed_id from follows where follower_id = {user})"
        ));
    }
    all.join(" and ")
}

/// Returns a page of articles, most recent first, and the number of all that match.
pub async fn list_articles(
    filter: &Filter,
    viewer: Option<i64>,
    page: Page,
) -> Result<ArticleList, Error> {
    let mut statement = Statement::new();
    let condition = condition(filter, &mut statement);
    let filters = statement.clone();
    let columns = columns(&statement.add(&viewer));
    let limit = statement.add(&page.limit.min(MAX_PAGE));
    let offset = statement.add(&page.offset);
    let select = format!(
        "select {columns} from article_details a where {condition}
        order by a.id desc limit {limit} offset {offset}"
    );
    let count = format!("select count(*) from articles a where {condition}");
    let (rows, articles_count) = try_join!(
        DB.query_as::<ArticleRow>(&select, statement),
        DB.first_as::<u64>(&count, filters),
    )?;
    let articles = rows.into_iter().map(|row| Article::from(row).summary);
    Ok(ArticleList {
        articles: articles.collect(),
        articles_count: articles_count.unwrap_or_default(),
    })
}

async fn find_row(slug: &str, viewer: Option<i64>) -> Result<ArticleRow, Error> {
    let columns = columns("$1");
    let sql = format!("select a.body, {columns} from article_details a where a.slug = $2");
    let row = DB.first_as(&sql, params![viewer, slug]).await?;
    row.ok_or(Error::not_found("article"))
}

pub async fn find_article(slug: &str, viewer: Option<i64>) -> Result<Article, Error> {
    Ok(find_row(slug, viewer).await?.into())
}

/// Returns an article that the user may change, and its id.
pub async fn find_own_article(slug: &str, user: i64) -> Result<(i64, Summary), Error> {
    let row = find_row(slug, Some(user)).await?;
    if row.author_id != user {
        return Err(Error::forbidden("article"));
    }
    Ok((row.id, Article::from(row).summary))
}

pub async fn insert_article(author: i64, slug: &str, article: &NewArticle) -> Result<(), Error> {
    DB.transaction(async |db| {
        let sql = "
            insert into articles (slug, title, description, body, author_id)
            values ($1, $2, $3, $4, $5) returning id";
        let NewArticle {
            title,
            description,
            body,
            tag_list,
        } = article;
        let id: Option<i64> = db
            .first_as(sql, params![slug, title, description, body, author])
            .await?;
        insert_tags(db, id.unwrap_or_default(), tag_list).await
    })
    .await
}

/// Changes the fields that are given.
pub async fn update_article(
    id: i64,
    changes: &ArticleChanges,
    slug: Option<&str>,
) -> Result<(), Error> {
    let mut statement = Statement::new()
        .set("slug", slug)
        .set("title", changes.title.as_ref())
        .set("description", changes.description.as_ref())
        .set("body", changes.body.as_ref())
        .set("updated_at", Some(&Timestamp::now()));
    let assignments = statement.assignments();
    let placeholder = statement.add(&id);
    let sql = format!("update articles set {assignments} where id = {placeholder}");
    DB.transaction(async |db| {
        db.execute(&sql, statement.clone()).await?;
        if let Some(tags) = &changes.tag_list {
            let sql = "delete from article_tags where article_id = $1";
            db.execute(sql, params![id]).await?;
            insert_tags(db, id, tags).await?;
        }
        Ok(())
    })
    .await
}

async fn insert_tags(db: &Database, article: i64, tags: &[Tag]) -> Result<(), Error> {
    let mut statement = Statement::new();
    let article = statement.add(&article);
    let mut rows = Vec::new();
    for (position, tag) in tags.iter().enumerate() {
        // A repeated tag is kept once.
        if !tags[..position].contains(tag) {
            let (position, tag) = (statement.add(&position), statement.add(tag));
            rows.push(format!("({article}, {position}, {tag})"));
        }
    }
    if !rows.is_empty() {
        let rows = rows.join(", ");
        let sql = format!("insert into article_tags (article_id, position, tag) values {rows}");
        db.execute(&sql, statement).await?;
    }
    Ok(())
}

pub async fn delete_article(id: i64) -> Result<(), Error> {
    DB.execute("delete from articles where id = $1", params![id])
        .await?;
    Ok(())
}

pub async fn favorite(slug: &str, user: i64) -> Result<Article, Error> {
    let sql = "
        insert into favorites (article_id, user_id)
        select id, cast($1 as bigint) from articles where slug = $2
        on conflict do nothing";
    DB.execute(sql, params![user, slug]).await?;
    find_article(slug, Some(user)).await
}

pub async fn unfavorite(slug: &str, user: i64) -> Result<Article, Error> {
    let sql = "
        delete from favorites
        where user_id = $1 and article_id = (select id from articles where slug = $2)";
    DB.execute(sql, params![user, slug]).await?;
    find_article(slug, Some(user)).await
}
