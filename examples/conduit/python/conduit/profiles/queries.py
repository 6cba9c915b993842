"""Statements about profiles and follows."""

from dataclasses import dataclass, replace

from conduit.application import not_found
from conduit.database import db
from conduit.profiles.models import Profile


@dataclass
class ProfileRow:
    id: int
    username: str
    bio: str | None
    image: str | None
    following: bool


async def find_profile(username: str, viewer: int | None) -> tuple[int, Profile]:
    """Returns the profile of a user and its id."""
    sql = """
        select u.id, u.username, u.bio, u.image,
          exists (select 1 from follows f where f.follower_id = $1 and f.followed_id = u.id)
            as following
        from users u
        where u.username = $2"""
    row = await db.first(sql, viewer, username, into=ProfileRow)
    if row is None:
        raise not_found("profile")
    return row.id, Profile(row.username, row.bio, row.image, row.following)


async def follow(follower: int, username: str) -> Profile:
    followed, profile = await find_profile(username, follower)
    sql = "insert into follows (follower_id, followed_id) values ($1, $2) on conflict do nothing"
    await db.execute(sql, follower, followed)
    return replace(profile, following=True)


async def unfollow(follower: int, username: str) -> Profile:
    followed, profile = await find_profile(username, follower)
    sql = "delete from follows where follower_id = $1 and followed_id = $2"
    await db.execute(sql, follower, followed)
    return replace(profile, following=False)
