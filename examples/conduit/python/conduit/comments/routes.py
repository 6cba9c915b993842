"""Comments of an article."""

from spikard_wasm import LocalContext, Request

from conduit.application import app
from conduit.auth import signed_in, user_id, viewer
from conduit.comments import queries
from conduit.comments.models import CommentList, CommentReply, NewCommentBody

tags = ["comments"]


@app.get("/api/articles/{slug}/comments", tags=tags)
async def list_comments(slug: str, request: Request) -> CommentList:
    return CommentList(await queries.list_comments(slug, await viewer(request)))


@app.post("/api/articles/{slug}/comments", hooks=signed_in, tags=tags)
async def add_comment(slug: str, body: NewCommentBody, local: LocalContext) -> CommentReply:
    return CommentReply(await queries.insert_comment(slug, user_id(local), body.comment.body))


@app.delete("/api/articles/{slug}/comments/{id:int}", hooks=signed_in, tags=tags)
async def delete_comment(slug: str, id: int, local: LocalContext) -> None:
    await queries.delete_comment(slug, id, user_id(local))
