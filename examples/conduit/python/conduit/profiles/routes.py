"""Profiles and follows."""

from spikard_wasm import LocalContext, Request

from conduit.application import app
from conduit.auth import signed_in, user_id, viewer
from conduit.profiles import queries
from conduit.profiles.models import ProfileReply


@app.get("/api/profiles/{username}", tags=["profiles"])
async def read_profile(username: str, request: Request) -> ProfileReply:
    _, profile = await queries.find_profile(username, await viewer(request))
    return ProfileReply(profile)


@app.post("/api/profiles/{username}/follow", hooks=signed_in, tags=["profiles"])
async def follow(username: str, local: LocalContext) -> ProfileReply:
    return ProfileReply(await queries.follow(user_id(local), username))


@app.delete("/api/profiles/{username}/follow", hooks=signed_in, tags=["profiles"])
async def unfollow(username: str, local: LocalContext) -> ProfileReply:
    return ProfileReply(await queries.unfollow(user_id(local), username))
