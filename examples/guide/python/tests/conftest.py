"""A client of the app with an empty database."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1]
sys.path.insert(0, str(FOLDER))

from app import app  # noqa: E402
from spikard_wasm.testing import TestClient  # noqa: E402

MIGRATIONS = sorted((FOLDER.parent / "migrations" / "sqlite").glob("*.sql"))
CONFIG = {"rates_url": "https://rates.example"}
SECRETS = {"jwt": "a key of at least thirty-two bytes", "rates": "a key"}


@pytest.fixture
def new_client() -> Callable[..., TestClient]:
    def new_client(config: dict[str, str] | None = None, **options: Any) -> TestClient:
        client = TestClient(app, config=CONFIG | (config or {}), secrets=SECRETS, **options)
        for migration in MIGRATIONS:
            client.database("main").executescript(migration.read_text())
        return client

    return new_client


@pytest.fixture
def client(new_client: Callable[..., TestClient]) -> TestClient:
    return new_client()
