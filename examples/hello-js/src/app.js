/**
 * A first app: four routes with different kinds of handlers.
 */
import { Spikard } from "@spikard/wasm";

const app = new Spikard({ name: "hello-js", version: "1.0.0" });

// The return value of a handler is the reply: an object is sent as JSON.
app.get("/", () => ({ message: "Hello, World!" }));

// `{name}` is a string; `shout` is checked and converted before the handler runs.
app.get("/hello/{name}", { query: { shout: { type: "boolean" } } }, ({ params }) => {
  const message = `Hello, ${params.name}!`;
  return { message: params.shout ? message.toUpperCase() : message };
});

// The host rejects a body that does not match the schema with 422; the handler does not run.
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

// A handler may be async. A string is sent as text.
app.get("/slow", async () => {
  const started = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 50));
  return `waited ${Date.now() - started} ms`;
});

export const { definition, handler, hooks } = app.component();
