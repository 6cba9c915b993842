/**
 * The workloads on Fastify: its own validation, no schemas of replies.
 */
import formbody from "@fastify/formbody";
import multipart from "@fastify/multipart";
import Fastify from "fastify";
import * as schemas from "./schemas.js";
import { MORE_ROUTES, allocate, cpu, serve, slow, spin } from "./shared.js";

const app = Fastify({ logger: false, bodyLimit: 16 << 20 });
await app.register(formbody);
await app.register(multipart);

const health = async () => ({ status: "ok" });
const body = async (request) => request.body;
const params = async (request) => request.params;
const query = async (request) => request.query;

app.get("/", health);
app.get("/health", health);
app.get("/hello", async () => ({ message: "Hello, World!" }));
app.post("/echo", body);
app.post("/validated-20", { schema: { body: schemas.twenty } }, body);

const count = async (request) => {
  request.hooks += 1;
};
app.decorateRequest("hooks", 0);
const hooks = async (request) => ({ hooks: request.hooks });
app.get("/hooks/0", hooks);
app.get("/hooks/1", { preHandler: [count] }, hooks);
app.get("/hooks/3", { preHandler: [count, count, count] }, hooks);

app.get("/cpu", { schema: { querystring: schemas.work.cpu } }, async (request) => cpu(request.query));
app.get("/allocate", { schema: { querystring: schemas.work.allocate } }, async (request) => allocate(request.query));
app.get("/slow", { schema: { querystring: schemas.work.slow } }, async (request) => slow(request.query));
app.get("/spin", { schema: { querystring: schemas.work.spin } }, async (request) => spin(request.query));

for (const [size, schema] of Object.entries(schemas.json)) {
  app.post(`/json/${size}`, body);
  app.post(`/validated/json/${size}`, { schema: { body: schema } }, body);
}
for (const [pattern, schema] of Object.entries(schemas.paths)) {
  app.get(`/path/${pattern}`, pattern.startsWith("int/") ? { schema: { params: schema } } : {}, params);
  app.get(`/validated/path/${pattern}`, { schema: { params: schema } }, params);
}
for (const [name, schema] of Object.entries(schemas.queries)) {
  app.get(`/query/${name}`, { schema: { querystring: schemas.rawQueries[name] } }, query);
  app.get(`/validated/query/${name}`, { schema: { querystring: schema } }, query);
}
for (const [name, schema] of Object.entries(schemas.forms)) {
  app.post(`/urlencoded/${name}`, body);
  app.post(`/validated/urlencoded/${name}`, { schema: { body: schema } }, body);
}

const files = async (request) => {
  let number = 0;
  let bytes = 0;
  for await (const file of request.files()) {
    number += 1;
    bytes += (await file.toBuffer()).length;
  }
  return { files_received: number, total_bytes: bytes };
};
const someFiles = async (request, reply) => {
  const counted = await files(request);
  return counted.files_received > 0 ? counted : reply.code(400).send({ error: "the form has no file" });
};
for (const size of ["small", "medium", "large"]) {
  app.post(`/multipart/${size}`, files);
  app.post(`/validated/multipart/${size}`, someFiles);
}

for (let route = 0; route < MORE_ROUTES; route++) {
  app.get(`/routes/r${route}/:id`, async (request) => ({ route, id: request.params.id }));
}

serve((port) => app.listen({ port, host: "127.0.0.1" }));
