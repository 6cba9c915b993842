"""What requests and replies about users contain."""

from dataclasses import dataclass
from typing import Annotated, TypedDict

from spikard_wasm import Field

from conduit.fields import NO_NUL, NOT_BLANK, Email, Password, Username


@dataclass
class NewUser:
    username: Username
    email: Email
    password: Password


@dataclass
class Credentials:
    email: Annotated[str, Field(pattern=NOT_BLANK, max_length=254)]
    password: Password


class UserChanges(TypedDict, total=False):
    username: Username
    email: Email
    password: Password
    bio: Annotated[str, Field(pattern=NO_NUL, max_length=10_000)] | None
    image: Annotated[str, Field(pattern=NO_NUL, max_length=2000)] | None


@dataclass
class NewUserBody:
    user: NewUser


@dataclass
class CredentialsBody:
    user: Credentials


@dataclass
class UserChangesBody:
    user: UserChanges


@dataclass
class UserRow:
    """A row of `users`."""

    id: int
    username: str
    email: str
    password_hash: str
    bio: str | None
    image: str | None


@dataclass
class User:
    """A user, as only that user sees it."""

    username: str
    email: str
    token: str
    bio: str | None
    image: str | None


@dataclass
class UserReply:
    user: User
