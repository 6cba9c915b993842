import { HttpError, Router, Store } from "@spikard/wasm";

const store = new Store();

export const carts = new Router({ tags: ["carts"] });

const WEEK = 7 * 24 * 3600 * 1000;

interface Cart {
  items: string[];
}

const cartSchema = {
  type: "object",
  properties: { items: { type: "array", items: { type: "string" } } },
  required: ["items"],
} as const;

carts.put("/{user}", { body: cartSchema }, async ({ params, body }) => {
  await store.set(`cart:${params.user}`, JSON.stringify(body), { ttl: WEEK });
});

carts.get("/{user}", async ({ params }) => {
  const text = await store.get(`cart:${params.user}`);
  return text === undefined ? { items: [] } : (JSON.parse(text) as Cart);
});

/** Gives each order the next number, also when two arrive at the same time. */
carts.post("/{user}/order", async ({ params }) => {
  const lock = `ordering:${params.user}`;
  if (!(await store.swap(lock, undefined, "1"))) throw new HttpError(409, "the order is in progress");
  try {
    const number = await store.increment("orders");
    await store.delete(`cart:${params.user}`);
    return { number };
  } finally {
    await store.delete(lock);
  }
});
