"""Statements about comments."""

from dataclasses import dataclass
from datetime import datetime

from conduit.application import forbidden, not_found
from conduit.comments.models import Comment
from conduit.database import db, iso
from conduit.profiles.models import Profile


@dataclass
class CommentRow:
    id: int
    body: str
    created_at: datetime
    updated_at: datetime
    username: str
    bio: str | None
    image: str | None
    following: bool


SELECT = """
    select c.id, c.body, c.created_at, c.updated_at, u.username, u.bio, u.image,
      exists (select 1 from follows f where f.follower_id = $1 and f.followed_id = u.id)
        as following
    from comments c
    join users u on u.id = c.author_id"""


def _comment(row: CommentRow) -> Comment:
    return Comment(
        id=row.id,
        createdAt=iso(row.created_at),
        updatedAt=iso(row.updated_at),
        body=row.body,
        author=Profile(row.username, row.bio, row.image, row.following),
    )


async def list_comments(slug: str, viewer: int | None) -> list[Comment]:
    """Returns the comments of an article, most recent first."""
    article = await db.first("select id from articles where slug = $1", slug, into=int)
    if article is None:
        raise not_found("article")
    sql = f"{SELECT} where c.article_id = $2 order by c.id desc"
    return [_comment(row) for row in await db.query(sql, viewer, article, into=CommentRow)]


async def insert_comment(slug: str, author: int, body: str) -> Comment:
    sql = """
        insert into comments (body, author_id, article_id)
        select cast($1 as text), cast($2 as bigint), id from articles where slug = $3
        returning id"""
    comment_id = await db.first(sql, body, author, slug, into=int)
    if comment_id is None:
        raise not_found("article")
    row = await db.first(f"{SELECT} where c.id = $2", author, comment_id, into=CommentRow)
    assert row is not None
    return _comment(row)


async def delete_comment(slug: str, comment_id: int, user: int) -> None:
    sql = """
        select c.author_id from comments c
        join articles a on a.id = c.article_id
        where c.id = $1 and a.slug = $2"""
    author = await db.first(sql, comment_id, slug, into=int)
    if author is None:
        raise not_found("comment")
    if author != user:
        raise forbidden("comment")
    await db.execute("delete from comments where id = $1", comment_id)
