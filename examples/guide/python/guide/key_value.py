from dataclasses import asdict, dataclass, field
from datetime import timedelta

from spikard_wasm import HttpError, Router, Store

store = Store()
carts = Router(tags=["carts"])


@dataclass
class Cart:
    items: list[str] = field(default_factory=list)


@carts.put("/{user}")
async def save_cart(user: str, body: Cart) -> None:
    await store.set_json(f"cart:{user}", asdict(body), ttl=timedelta(weeks=1))


@carts.get("/{user}")
async def find_cart(user: str) -> Cart:
    cart = await store.get_json(f"cart:{user}")
    return Cart() if cart is None else Cart(**cart)


@carts.post("/{user}/order")
async def order(user: str) -> dict[str, int]:
    """Gives each order the next number, also when two arrive at the same time."""
    lock = f"ordering:{user}"
    if not await store.swap(lock, None, "1"):
        raise HttpError(409, "the order is in progress")
    try:
        number = await store.increment("orders")
        await store.delete(f"cart:{user}")
        return {"number": number}
    finally:
        await store.delete(lock)
