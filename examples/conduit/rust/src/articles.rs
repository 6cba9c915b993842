//! Articles, the feed and favorites.

mod model;
mod queries;
mod slug;

use spikard_wasm_sdk::{Json, Path, Query, Request, Route, delete, get, post, put, routes};

use crate::auth::{CurrentUser, require_user, viewer};
use crate::errors::Error;
use model::{
    Article, ArticleChanges, ArticleEnvelope, ArticleList, Filter, ListQuery, NewArticle, Page,
};

type ArticleReply = Result<Json<ArticleEnvelope<Article>>, Error>;

fn reply(article: Article) -> ArticleReply {
    Ok(Json(ArticleEnvelope { article }))
}

#[get("/api/articles", tags = ["articles"])]
async fn list_articles(
    Query(query): Query<ListQuery>,
    request: Request,
) -> Result<Json<ArticleList>, Error> {
    let viewer = viewer(&request).await?;
    let list = queries::list_articles(&query.filter, viewer, query.page).await?;
    Ok(Json(list))
}

#[get("/api/articles/feed", on_request = require_user, tags = ["articles"])]
async fn feed(
    Query(page): Query<Page>,
    CurrentUser(user): CurrentUser,
) -> Result<Json<ArticleList>, Error> {
    let filter = Filter {
        feed_of: Some(user),
        ..Filter::default()
    };
    Ok(Json(
        queries::list_articles(&filter, Some(user), page).await?,
    ))
}

#[post("/api/articles", status = 201, on_request = require_user, tags = ["articles"])]
async fn publish(
    CurrentUser(author): CurrentUser,
    Json(body): Json<ArticleEnvelope<NewArticle>>,
) -> ArticleReply {
    let article = body.article;
    let store = async |slug: &str| queries::insert_article(author, slug, &article).await;
    let slug = slug::with_slug(&article.title, store).await?;
    reply(queries::find_article(&slug, Some(author)).await?)
}

#[get("/api/articles/{slug}", tags = ["articles"])]
async fn read_article(Path(slug): Path<String>, request: Request) -> ArticleReply {
    let viewer = viewer(&request).await?;
    reply(queries::find_article(&slug, viewer).await?)
}

#[put("/api/articles/{slug}", on_request = require_user, tags = ["articles"])]
async fn update_article(
    Path(slug): Path<String>,
    CurrentUser(author): CurrentUser,
    Json(body): Json<ArticleEnvelope<ArticleChanges>>,
) -> ArticleReply {
    let (id, article) = queries::find_own_article(&slug, author).await?;
    let changes = body.article;
    let slug = match &changes.title {
        Some(title) if **title != article.title => {
            let store = async |slug: &str| queries::update_article(id, &changes, Some(slug)).await;
            slug::with_slug(title, store).await?
        }
        _ => {
            queries::update_article(id, &changes, None).await?;
            slug
        }
    };
    reply(queries::find_article(&slug, Some(author)).await?)
}

#[delete("/api/articles/{slug}", on_request = require_user, tags = ["articles"])]
async fn delete_article(
    Path(slug): Path<String>,
    CurrentUser(user): CurrentUser,
) -> Result<(), Error> {
    let (id, _) = queries::find_own_article(&slug, user).await?;
    queries::delete_article(id).await
}

#[post("/api/articles/{slug}/favorite", on_request = require_user, tags = ["articles"])]
async fn favorite(Path(slug): Path<String>, CurrentUser(user): CurrentUser) -> ArticleReply {
    reply(queries::favorite(&slug, user).await?)
}

#[delete("/api/articles/{slug}/favorite", on_request = require_user, tags = ["articles"])]
async fn unfavorite(Path(slug): Path<String>, CurrentUser(user): CurrentUser) -> ArticleReply {
    reply(queries::unfavorite(&slug, user).await?)
}

pub fn routes() -> Vec<Route> {
    routes![
        list_articles,
        feed,
        publish,
        read_article,
        update_article,
        delete_article,
        favorite,
        unfavorite,
    ]
    .into_iter()
    .collect()
}
