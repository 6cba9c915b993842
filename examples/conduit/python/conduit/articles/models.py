"""What requests and replies about articles contain.

The members of replies have the names of JSON.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Self, TypedDict

from spikard_wasm import Field, Query

from conduit.database import iso
from conduit.fields import NOT_BLANK
from conduit.profiles.models import Profile

Title = Annotated[str, Field(pattern=NOT_BLANK, max_length=300)]
Description = Annotated[str, Field(pattern=NOT_BLANK, max_length=2000)]
Text = Annotated[str, Field(pattern=NOT_BLANK, max_length=500_000)]
Tag = Annotated[str, Field(pattern=NOT_BLANK, max_length=100)]
Tags = Annotated[list[Tag], Field(max_items=50)]

Limit = Annotated[int, Query(ge=1)]
Offset = Annotated[int, Query(ge=0)]


@dataclass
class NewArticle:
    title: Title
    description: Description
    body: Text
    tagList: Tags = field(default_factory=list)  # noqa: N815


class ArticleChanges(TypedDict, total=False):
    title: Title
    description: Description
    body: Text
    tagList: Tags


@dataclass
class NewArticleBody:
    article: NewArticle


@dataclass
class ArticleChangesBody:
    article: ArticleChanges


@dataclass
class ArticleRow:
    """A row of `article_details`, with what depends on the viewer."""

    id: int
    author_id: int
    slug: str
    title: str
    description: str
    tag_list: list[str]
    created_at: datetime
    updated_at: datetime
    favorites_count: int
    favorited: bool
    author_username: str
    author_bio: str | None
    author_image: str | None
    following: bool
    body: str = ""
    """Only in the row of a whole article."""


@dataclass
class Summary:
    """An article of a list."""

    slug: str
    title: str
    description: str
    tagList: list[str]  # noqa: N815
    createdAt: str  # noqa: N815
    updatedAt: str  # noqa: N815
    favorited: bool
    favoritesCount: int  # noqa: N815
    author: Profile

    @classmethod
    def of(cls, row: ArticleRow, **more: Any) -> Self:
        return cls(
            slug=row.slug,
            title=row.title,
            description=row.description,
            tagList=row.tag_list,
            createdAt=iso(row.created_at),
            updatedAt=iso(row.updated_at),
            favorited=row.favorited,
            favoritesCount=row.favorites_count,
            author=Profile(row.author_username, row.author_bio, row.author_image, row.following),
            **more,
        )


@dataclass
class Article(Summary):
    body: str


@dataclass
class ArticleReply:
    article: Article


@dataclass
class ArticleList:
    articles: list[Summary]
    articlesCount: int  # noqa: N815
