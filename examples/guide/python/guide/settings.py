from typing import Annotated

from spikard_wasm import Field, Spikard


class Settings:
    greeting: str = "Hello"
    blocked: Annotated[str, Field(description="Addresses without invitations.")] = ""
    page_size: Annotated[int, Field(ge=1, le=100)] = 20
    rates_url: Annotated[str, Field(pattern="^https?://", description="The rates service.")]


def add_greeting(app: Spikard) -> None:
    @app.get("/greeting/{name}")
    def greeting(name: str) -> dict[str, str | int]:
        settings: Settings = app.config
        return {"message": f"{settings.greeting}, {name}!", "page_size": settings.page_size}
