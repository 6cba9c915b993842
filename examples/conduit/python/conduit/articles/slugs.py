"""Slugs of articles."""

import re
import secrets
import unicodedata
from collections.abc import Awaitable, Callable

from spikard_wasm import SqlError

# Slugs that would collide with the path of another route.
RESERVED = frozenset({"", "feed"})


def slugify(title: str) -> str:
    """Returns the words of a title in lower case, joined with `-`.

    Letters of all scripts are kept, accents are not.
    """
    letters = [c for c in unicodedata.normalize("NFKD", title) if not unicodedata.combining(c)]
    return re.sub(r"[\W_]+", "-", "".join(letters).lower()).strip("-")


async def with_slug(title: str, store: Callable[[str], Awaitable[None]]) -> str:
    """Calls `store` with the slug of a title, or with a longer one if that is taken.

    Returns the slug.
    """
    slug = slugify(title)
    longer = f"{slug or 'article'}-{secrets.token_hex(4)}"
    if slug not in RESERVED:
        try:
            await store(slug)
        except SqlError as error:
            if error.code != "unique":
                raise
        else:
            return slug
    await store(longer)
    return longer
