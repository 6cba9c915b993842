import asyncio

from spikard_wasm import Database, HttpError, Router, Store, config, http

db = Database("main")
store = Store()
client = http.AsyncClient()
waiting = Router(tags=["waiting"])


async def rate(currency: str) -> float:
    response = await client.get(f"{config('rates_url')}/rates", params={"currency": currency})
    if not response.is_success:
        raise HttpError(502, f"the rates service answered {response.status_code}")
    return float(response.json()["dollars"])


@waiting.get("/overview")
async def overview() -> dict[str, float | int | None]:
    euro, pound, notes = await asyncio.gather(
        rate("EUR"),
        rate("GBP"),
        db.first("select count(*) from notes", into=int),
    )
    return {"euro": euro, "pound": pound, "notes": notes}


@waiting.get("/report")
async def report(ms: int = 20) -> dict[str, int]:
    try:
        async with asyncio.timeout(1):
            await asyncio.sleep(ms / 1000)
            return {"lines": 12}
    except TimeoutError:
        raise HttpError(504, "the report takes too long") from None


@waiting.post("/export", status=200)
async def export() -> dict[str, int]:
    await store.set("export", "in progress")
    try:
        await asyncio.sleep(0.1)
        return {"lines": 12}
    finally:
        # Also when the client disconnects or the deadline of the request passes.
        await store.delete("export")


loading: asyncio.Task[float] | None = None


async def shared_euro() -> float:
    """Requests that need the rate at the same time wait for one call of the service."""
    global loading
    if loading is None or loading.done():
        loading = asyncio.create_task(rate("EUR"))
    return await asyncio.shield(loading)


@waiting.get("/euro", instances="shared")
async def euro() -> dict[str, float]:
    return {"dollars": await shared_euro()}
