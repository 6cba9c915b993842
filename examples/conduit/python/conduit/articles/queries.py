"""Statements about articles, their tags and favorites."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from spikard_wasm import Transaction

from conduit.application import forbidden, not_found
from conduit.articles.models import (
    Article,
    ArticleChanges,
    ArticleList,
    ArticleRow,
    NewArticle,
    Summary,
)
from conduit.database import Parameters, db

# The longest page. A larger `limit` gets this many articles.
MAX_PAGE = 100

# The columns of a summary. `{viewer}` is the placeholder of the viewer's id.
COLUMNS = """
  a.id, a.author_id, a.slug, a.title, a.description, a.tag_list, a.created_at, a.updated_at,
  a.favorites_count, a.author_username, a.author_bio, a.author_image,
  exists (select 1 from favorites f where f.article_id = a.id and f.user_id = {viewer})
    as favorited,
  exists (select 1 from follows f where f.follower_id = {viewer} and f.followed_id = a.author_id)
    as following"""


@dataclass
class Filter:
    """Conditions on articles, all of which must hold."""

    tag: str | None = None
    author: str | None = None
    favorited: str | None = None
    feed_of: int | None = None
    """The user whose followed authors wrote the articles."""

    def condition(self, parameters: Parameters) -> str:
        add = parameters.add
        user = "(select id from users where username = {})"
        conditions = ["true"]
        if self.tag is not None:
            tagged = f"select article_id from article_tags where tag = {add(self.tag)}"
            conditions.append(f"a.id in ({tagged})")
        if self.author is not None:
            conditions.append(f"a.author_id = {user.format(add(self.author))}")
        if self.favorited is not None:
            reader = user.format(add(self.favorited))
            conditions.append(
                f"a.id in (select article_id from favorites where user_id = {reader})"
            )
        if self.feed_of is not None:
            followed = f"select followed_id from follows where follower_id = {add(self.feed_of)}"
            conditions.append(f"a.author_id in ({followed})")
        return " and ".join(conditions)


async def list_articles(
    articles: Filter, viewer: int | None, limit: int, offset: int
) -> ArticleList:
    """Returns a page of articles, most recent first, and the number of all that match."""
    parameters = Parameters()
    where = articles.condition(parameters)
    count = f"select count(*) from articles a where {where}"
    filters = tuple(parameters)
    select = f"""
        select {COLUMNS.format(viewer=parameters.add(viewer))}
        from article_details a
        where {where}
        order by a.id desc
        limit {parameters.add(min(limit, MAX_PAGE))} offset {parameters.add(offset)}"""
    rows, total = await asyncio.gather(
        db.query(select, *parameters, into=ArticleRow), db.first(count, *filters, into=int)
    )
    return ArticleList([Summary.of(row) for row in rows], total or 0)


async def _find_row(slug: str, viewer: int | None) -> ArticleRow:
    columns = COLUMNS.format(viewer="$1")
    sql = f"select a.body, {columns} from article_details a where a.slug = $2"
    row = await db.first(sql, viewer, slug, into=ArticleRow)
    if row is None:
        raise not_found("article")
    return row


async def find_article(slug: str, viewer: int | None) -> Article:
    row = await _find_row(slug, viewer)
    return Article.of(row, body=row.body)


async def find_own_article(slug: str, user: int) -> tuple[int, Summary]:
    """Returns an article that the user may change, and its id."""
    row = await _find_row(slug, user)
    if row.author_id != user:
        raise forbidden("article")
    return row.id, Summary.of(row)


async def insert_article(author: int, slug: str, article: NewArticle) -> None:
    sql = """
        insert into articles (slug, title, description, body, author_id)
        values ($1, $2, $3, $4, $5) returning id"""
    values = (slug, article.title, article.description, article.body, author)
    async with db.transaction() as transaction:
        article_id = await transaction.first(sql, *values, into=int)
        assert article_id is not None
        await _insert_tags(transaction, article_id, article.tagList)


async def update_article(article_id: int, changes: ArticleChanges, slug: str | None) -> None:
    columns: dict[str, Any] = {**changes, "updated_at": datetime.now(UTC)}
    tags = columns.pop("tagList", None)
    if slug is not None:
        columns["slug"] = slug
    parameters = Parameters()
    assignments = parameters.assign(columns)
    sql = f"update articles set {assignments} where id = {parameters.add(article_id)}"
    async with db.transaction() as transaction:
        await transaction.execute(sql, *parameters)
        if tags is not None:
            await transaction.execute("delete from article_tags where article_id = $1", article_id)
            await _insert_tags(transaction, article_id, tags)


async def _insert_tags(transaction: Transaction, article_id: int, tags: Sequence[str]) -> None:
    if not tags:
        return
    parameters = Parameters()
    article = parameters.add(article_id)
    rows = ", ".join(
        f"({article}, {parameters.add(position)}, {parameters.add(tag)})"
        for position, tag in enumerate(dict.fromkeys(tags))
    )
    sql = f"insert into article_tags (article_id, position, tag) values {rows}"
    await transaction.execute(sql, *parameters)


async def delete_article(article_id: int) -> None:
    await db.execute("delete from articles where id = $1", article_id)


async def favorite(slug: str, user: int) -> Article:
    sql = """
        insert into favorites (article_id, user_id)
        select id, cast($1 as bigint) from articles where slug = $2
        on conflict do nothing"""
    await db.execute(sql, user, slug)
    return await find_article(slug, user)


async def unfavorite(slug: str, user: int) -> Article:
    sql = """
        delete from favorites
        where user_id = $1 and article_id = (select id from articles where slug = $2)"""
    await db.execute(sql, user, slug)
    return await find_article(slug, user)
