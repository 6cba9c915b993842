import { Hono } from "hono";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { stream } from "hono/streaming";

const app = new Hono();

app.use("/api/*", cors());

app.get("/", (c) => c.text("Hello from Hono!"));

app.get("/api/hello/:name", (c) => c.json({ message: `Hello, ${c.req.param("name")}!` }));

app.post("/api/echo", async (c) => c.json(await c.req.json(), 201));

app.put("/api/bytes", async (c) => c.body(await c.req.arrayBuffer(), 200, { "content-type": "application/octet-stream" }));

app.get("/count", (c) =>
  stream(c, async (out) => {
    for (const n of [1, 2, 3]) {
      await out.write(`${n}\n`);
      await out.sleep(10);
    }
  }),
);

app.get("/teapot", () => {
  throw new HTTPException(418, { message: "tea" });
});

export default app;
