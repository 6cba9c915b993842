import logging
from dataclasses import asdict, dataclass
from typing import Any

from spikard_wasm import HttpError, Router, config, http, secret

client = http.AsyncClient(timeout=2)
rates = Router(tags=["rates"])


@rates.get("/{currency}")
async def find_rate(currency: str) -> Any:
    response = await client.get(f"{config('rates_url')}/rates", params={"currency": currency})
    if response.status_code == 404:
        raise HttpError(404, f"no rate of `{currency}`")
    if not response.is_success:
        raise HttpError(502, f"the rates service answered {response.status_code}")
    return response.json()


@dataclass
class NewOrder:
    currency: str
    amount: int


@rates.post("/orders", status=201)
async def add_order(body: NewOrder) -> Any:
    headers = {"authorization": f"Bearer {secret('rates')}"}
    try:
        response = await client.post(
            f"{config('rates_url')}/orders", headers=headers, json=asdict(body)
        )
    except http.RequestError as error:
        logging.error("%s", error)
        headers = {"retry-after": "10"}
        raise HttpError(503, "the rates service is not available", headers=headers) from None
    if not response.is_success:
        raise HttpError(502, f"the rates service answered {response.status_code}")
    return response.json()


@rates.get("/history/lines")
async def count_history() -> dict[str, int]:
    lines = 0
    async with client.stream("GET", f"{config('rates_url')}/history.csv") as response:
        async for chunk in response.aiter_bytes():
            lines += chunk.count(b"\n")
    return {"lines": lines}
