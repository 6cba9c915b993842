import re
from dataclasses import dataclass
from typing import Annotated, Any

from spikard_wasm import Database, Field, HttpError, LocalContext, Router

from conduit.auth import SIGNED_IN, current_user_id

db = Database()
Text = Annotated[str, Field(min_length=1)]


@dataclass
class NewArticle:
    title: Text
    description: Text
    body: Text


@dataclass
class Publication:
    article: NewArticle


articles = Router("/articles", tags=["articles"])


@articles.post("", status=201, jwt=SIGNED_IN)
async def publish(body: Publication, local: LocalContext) -> dict[str, Any]:
    new = body.article
    slug = "-".join(re.findall("[a-z0-9]+", new.title.lower())) or "article"
    sql = """
        insert into articles (slug, title, description, body, author_id)
        values ($1, $2, $3, $4, $5)"""
    await db.execute(sql, slug, new.title, new.description, new.body, current_user_id(local))
    return await find_article(slug)


@articles.get("/{slug}")
async def find_article(slug: str) -> dict[str, Any]:
    sql = """
        select slug, title, description, body, created_at, username
        from articles join users on users.id = author_id
        where slug = $1"""
    row = await db.first(sql, slug)
    if row is None:
        raise HttpError(404, f"no article `{slug}`")
    row["createdAt"] = row.pop("created_at")
    row["author"] = {"username": row.pop("username")}
    return {"article": row}
