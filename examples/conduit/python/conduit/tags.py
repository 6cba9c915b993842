"""The tags of all articles."""

from dataclasses import dataclass

from conduit.application import app
from conduit.database import db


@dataclass
class TagList:
    tags: list[str]


@app.get("/api/tags", tags=["tags"])
async def list_tags() -> TagList:
    """Returns all tags, those of the most articles first."""
    sql = "select tag from article_tags group by tag order by count(*) desc, tag limit 1000"
    return TagList(await db.query(sql, into=str))
