/**
 * A first app: four routes, and what a handler may do.
 */
import { Spikard } from "@spikard/wasm";

const app = new Spikard({ name: "hello-js", version: "1.0.0" });

// What a handler returns is the reply: an object is JSON.
app.get("/", () => ({ message: "Hello, World!" }));

// `{name}` is a string; `shout` is checked and converted before the handler runs.
app.get("/hello/{name}", { query: { shout: { type: "boolean" } } }, ({ params }) => {
  const message = `Hello, ${params.name}!`;
  return { message: params.shout ? message.toUpperCase() : message };
});

// A body that does not fit its schema gets status 422; the handler never sees it.
const item = {
  type: "object",
  properties: {
    name: { type: "string" },
    price: { type: "number", minimum: 0 },
    tags: { type: "array", items: { type: "string" } },
  },
  required: ["name", "price"],
};
app.post("/items", { body: item, status: 201 }, ({ body }) => ({ id: 1, ...body }));

// A handler may be async. A string is a reply of text.
app.get("/slow", async () => {
  const started = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 50));
  return `waited ${Date.now() - started} ms`;
});

export const { definition, handler, hooks } = app.component();
