"""Articles, the feed and favorites."""

from spikard_wasm import LocalContext, Request

from conduit.application import app
from conduit.articles import queries
from conduit.articles.models import (
    ArticleChangesBody,
    ArticleList,
    ArticleReply,
    Limit,
    NewArticleBody,
    Offset,
)
from conduit.articles.queries import Filter
from conduit.articles.slugs import with_slug
from conduit.auth import signed_in, user_id, viewer

tags = ["articles"]


@app.get("/api/articles", tags=tags)
async def list_articles(
    request: Request,
    tag: str | None = None,
    author: str | None = None,
    favorited: str | None = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> ArticleList:
    reader = await viewer(request)
    return await queries.list_articles(Filter(tag, author, favorited), reader, limit, offset)


@app.get("/api/articles/feed", hooks=signed_in, tags=tags)
async def feed(local: LocalContext, limit: Limit = 20, offset: Offset = 0) -> ArticleList:
    user = user_id(local)
    return await queries.list_articles(Filter(feed_of=user), user, limit, offset)


@app.post("/api/articles", status=201, hooks=signed_in, tags=tags)
async def publish(body: NewArticleBody, local: LocalContext) -> ArticleReply:
    author = user_id(local)

    async def store(slug: str) -> None:
        await queries.insert_article(author, slug, body.article)

    slug = await with_slug(body.article.title, store)
    return ArticleReply(await queries.find_article(slug, author))


@app.get("/api/articles/{slug}", tags=tags)
async def read_article(slug: str, request: Request) -> ArticleReply:
    return ArticleReply(await queries.find_article(slug, await viewer(request)))


@app.put("/api/articles/{slug}", hooks=signed_in, tags=tags)
async def update_article(slug: str, body: ArticleChangesBody, local: LocalContext) -> ArticleReply:
    author = user_id(local)
    article_id, article = await queries.find_own_article(slug, author)
    changes = body.article
    title = changes.get("title", article.title)
    if title == article.title:
        await queries.update_article(article_id, changes, None)
    else:

        async def store(slug: str) -> None:
            await queries.update_article(article_id, changes, slug)

        slug = await with_slug(title, store)
    return ArticleReply(await queries.find_article(slug, author))


@app.delete("/api/articles/{slug}", hooks=signed_in, tags=tags)
async def delete_article(slug: str, local: LocalContext) -> None:
    article_id, _ = await queries.find_own_article(slug, user_id(local))
    await queries.delete_article(article_id)


@app.post("/api/articles/{slug}/favorite", hooks=signed_in, tags=tags)
async def favorite(slug: str, local: LocalContext) -> ArticleReply:
    return ArticleReply(await queries.favorite(slug, user_id(local)))


@app.delete("/api/articles/{slug}/favorite", hooks=signed_in, tags=tags)
async def unfavorite(slug: str, local: LocalContext) -> ArticleReply:
    return ArticleReply(await queries.unfavorite(slug, user_id(local)))
