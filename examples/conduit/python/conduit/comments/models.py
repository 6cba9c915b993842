"""What requests and replies about comments contain."""

from dataclasses import dataclass
from typing import Annotated

from spikard_wasm import Field

from conduit.fields import NOT_BLANK
from conduit.profiles.models import Profile


@dataclass
class NewComment:
    body: Annotated[str, Field(pattern=NOT_BLANK, max_length=50_000)]


@dataclass
class NewCommentBody:
    comment: NewComment


@dataclass
class Comment:
    id: int
    createdAt: str  # noqa: N815
    updatedAt: str  # noqa: N815
    body: str
    author: Profile


@dataclass
class CommentReply:
    comment: Comment


@dataclass
class CommentList:
    comments: list[Comment]
