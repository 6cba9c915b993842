"""What replies about profiles contain."""

from dataclasses import dataclass


@dataclass
class Profile:
    """A user, as others see it."""

    username: str
    bio: str | None
    image: str | None
    following: bool


@dataclass
class ProfileReply:
    profile: Profile
