/**
 * A first app in TypeScript: the types of `params` and `body` follow from the declarations of a route.
 */
import { HttpError, Spikard } from "@spikard/wasm";

interface Item {
  id: number;
  name: string;
  price: number;
  tags: string[];
}

const app = new Spikard({ name: "hello-ts", version: "1.0.0" });

app.get("/", () => ({ message: "Hello, World!" }));

// `params` is `{ name: string; shout?: boolean }`.
app.get("/hello/{name}", { query: { shout: { type: "boolean" } } }, ({ params }) => {
  const message = `Hello, ${params.name}!`;
  return { message: params.shout ? message.toUpperCase() : message };
});

// `body` is `{ name: string; price: number; tags?: string[] }`; the host rejects other bodies with
// 422.
app.post(
  "/items",
  {
    body: {
      type: "object",
      properties: {
        name: { type: "string" },
        price: { type: "number", minimum: 0 },
        tags: { type: "array", items: { type: "string" } },
      },
      required: ["name", "price"],
    },
    status: 201,
  },
  ({ body }): Item => ({ id: 1, tags: [], ...body }),
);

// The client sees an `HttpError`; any other error is status 500 and appears only in the log.
app.get("/items/{id}", { path: { id: { type: "integer" } } }, async ({ params }) => {
  throw new HttpError(404, `no item ${params.id}`);
});

export const { definition, handler, hooks } = app.component();
