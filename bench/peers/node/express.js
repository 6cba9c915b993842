/**
 * The workloads on Express, with its own body parsers, multer for files and Ajv for schemas.
 */
import express from "express";
import multer from "multer";
import * as schemas from "./schemas.js";
import { MORE_ROUTES, allocate, checker, cpu, serve, slow, spin } from "./shared.js";

const app = express();
const json = express.json({ limit: "16mb" });
const form = express.urlencoded({ extended: false });
const upload = multer({ storage: multer.memoryStorage() }).any();

/** Rejects invalid requests with 422. `coerce` converts strings to the types of the schema. */
const check = (place, schema, coerce) => {
  const errorsOf = checker(schema, { coerce });
  return (request, response, next) => {
    // Express creates a new query object for each access.
    const value = { ...request[place] };
    const errors = errorsOf(value);
    if (errors) return response.status(422).json({ errors });
    request.checked = value;
    next();
  };
};
const checked = (request, response) => response.json(request.checked);
const body = (request, response) => response.json(request.body);
const params = (request, response) => response.json(request.params);
const health = (_request, response) => response.json({ status: "ok" });

app.get("/", health);
app.get("/health", health);
app.get("/hello", (_request, response) => response.json({ message: "Hello, World!" }));
app.post("/echo", json, body);
app.post("/validated-20", json, check("body", schemas.twenty, false), checked);

const count = (request, _response, next) => {
  request.hooks = (request.hooks ?? 0) + 1;
  next();
};
const hooks = (request, response) => response.json({ hooks: request.hooks ?? 0 });
app.get("/hooks/0", hooks);
app.get("/hooks/1", count, hooks);
app.get("/hooks/3", count, count, count, hooks);

for (const [name, handler] of Object.entries({ cpu, allocate, slow, spin })) {
  app.get(`/${name}`, check("query", schemas.work[name], true), async (request, response) => {
    response.json(await handler(request.checked));
  });
}
for (const [size, schema] of Object.entries(schemas.json)) {
  app.post(`/json/${size}`, json, body);
  app.post(`/validated/json/${size}`, json, check("body", schema, false), checked);
}
for (const [pattern, schema] of Object.entries(schemas.paths)) {
  const typed = [check("params", schema, true), checked];
  app.get(`/path/${pattern}`, ...(pattern.startsWith("int/") ? typed : [params]));
  app.get(`/validated/path/${pattern}`, ...typed);
}
for (const [name, schema] of Object.entries(schemas.queries)) {
  app.get(`/query/${name}`, check("query", schemas.rawQueries[name], true), checked);
  app.get(`/validated/query/${name}`, check("query", schema, true), checked);
}
for (const [name, schema] of Object.entries(schemas.forms)) {
  app.post(`/urlencoded/${name}`, form, body);
  app.post(`/validated/urlencoded/${name}`, form, check("body", schema, true), checked);
}

const files = (request, response) => {
  const bytes = request.files.reduce((sum, file) => sum + file.size, 0);
  response.json({ files_received: request.files.length, total_bytes: bytes });
};
const someFiles = (request, response, next) => {
  if (request.files?.length > 0) next();
  else response.status(400).json({ error: "the form has no file" });
};
for (const size of ["small", "medium", "large"]) {
  app.post(`/multipart/${size}`, upload, files);
  app.post(`/validated/multipart/${size}`, upload, someFiles, files);
}

for (let route = 0; route < MORE_ROUTES; route++) {
  app.get(`/routes/r${route}/:id`, (request, response) => response.json({ route, id: request.params.id }));
}

serve((port) => app.listen(port, "127.0.0.1"));
