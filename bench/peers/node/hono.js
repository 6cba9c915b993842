/**
 * The workloads on Hono and its server for Node, with Ajv for schemas.
 */
import { serve as listen } from "@hono/node-server";
import { Hono } from "hono";
import { validator } from "hono/validator";
import * as schemas from "./schemas.js";
import { MORE_ROUTES, allocate, checker, cpu, serve, slow, spin } from "./shared.js";

const app = new Hono();

/** Rejects invalid requests with 422. `coerce` converts strings to the types of the schema. */
const check = (place, schema, coerce) => {
  const errorsOf = checker(schema, { coerce });
  return validator(place, (value, c) => {
    const copy = { ...value };
    const errors = errorsOf(copy);
    return errors ? c.json({ errors }, 422) : copy;
  });
};
const checked = (place) => (c) => c.json(c.req.valid(place));
const echo = async (c) => c.json(await c.req.json());
const form = async (c) => c.json(await c.req.parseBody());
const health = (c) => c.json({ status: "ok" });

app.get("/", health);
app.get("/health", health);
app.get("/hello", (c) => c.json({ message: "Hello, World!" }));
app.post("/echo", echo);
app.post("/validated-20", check("json", schemas.twenty, false), checked("json"));

const count = async (c, next) => {
  c.set("hooks", (c.get("hooks") ?? 0) + 1);
  await next();
};
const hooks = (c) => c.json({ hooks: c.get("hooks") ?? 0 });
app.get("/hooks/0", hooks);
app.get("/hooks/1", count, hooks);
app.get("/hooks/3", count, count, count, hooks);

for (const [name, handler] of Object.entries({ cpu, allocate, slow, spin })) {
  app.get(`/${name}`, check("query", schemas.work[name], true), async (c) => c.json(await handler(c.req.valid("query"))));
}
for (const [size, schema] of Object.entries(schemas.json)) {
  app.post(`/json/${size}`, echo);
  app.post(`/validated/json/${size}`, check("json", schema, false), checked("json"));
}
for (const [pattern, schema] of Object.entries(schemas.paths)) {
  const typed = [check("param", schema, true), checked("param")];
  app.get(`/path/${pattern}`, ...(pattern.startsWith("int/") ? typed : [(c) => c.json(c.req.param())]));
  app.get(`/validated/path/${pattern}`, ...typed);
}
for (const [name, schema] of Object.entries(schemas.queries)) {
  app.get(`/query/${name}`, check("query", schemas.rawQueries[name], true), checked("query"));
  app.get(`/validated/query/${name}`, check("query", schema, true), checked("query"));
}
for (const [name, schema] of Object.entries(schemas.forms)) {
  app.post(`/urlencoded/${name}`, form);
  app.post(`/validated/urlencoded/${name}`, check("form", schema, true), checked("form"));
}

const filesOf = async (c) => [(await c.req.parseBody({ all: true })).file ?? []].flat();
const counted = (c, files) =>
  c.json({ files_received: files.length, total_bytes: files.reduce((sum, file) => sum + file.size, 0) });
for (const size of ["small", "medium", "large"]) {
  app.post(`/multipart/${size}`, async (c) => counted(c, await filesOf(c)));
  app.post(`/validated/multipart/${size}`, async (c) => {
    const files = await filesOf(c);
    return files.length > 0 ? counted(c, files) : c.json({ error: "the form has no file" }, 400);
  });
}

for (let route = 0; route < MORE_ROUTES; route++) {
  app.get(`/routes/r${route}/:id`, (c) => c.json({ route, id: c.req.param("id") }));
}

serve((port) => listen({ fetch: app.fetch, port, hostname: "127.0.0.1" }));
