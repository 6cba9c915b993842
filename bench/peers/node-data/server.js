/**
 * The workloads with databases, other services and timers, on Fastify.
 *
 * `DATABASE_URL` is `postgres://...` or `sqlite:PATH`, `UPSTREAM_URL` the address of the upstream.
 */
import Fastify from "fastify";
import { serve } from "../node/shared.js";
import { page } from "./fortunes.js";
import * as postgres from "./postgres.js";
import * as sqlite from "./sqlite.js";

const { DATABASE_URL, UPSTREAM_URL } = process.env;
const open = DATABASE_URL?.startsWith("sqlite:") ? sqlite.open : postgres.open;
const database = DATABASE_URL && open(DATABASE_URL);

const app = Fastify({ logger: false });
app.addHook("onSend", (request, reply, payload, done) => {
  reply.header("server", "fastify");
  done();
});

const random = () => 1 + Math.floor(Math.random() * 10000);
const rows = (text) => Math.min(Math.max(Number.parseInt(text, 10) || 1, 1), 500);
const ids = (text) => Array.from({ length: rows(text) }, random);

app.get("/health", async () => ({ status: "ok" }));
app.get("/json", async () => ({ message: "Hello, World!" }));
app.get("/plaintext", async () => "Hello, World!");

app.get("/db", async () => database.world(random()));
app.get("/queries", async (request) => Promise.all(ids(request.query.queries).map(database.world)));
app.get("/updates", async (request) => {
  const worlds = await Promise.all(ids(request.query.queries).map(database.world));
  const changed = worlds.map(({ id }) => ({ id, randomNumber: random() }));
  await database.update(changed);
  return changed;
});

app.get("/fortunes", async (request, reply) => {
  const fortunes = await database.fortunes();
  reply.header("content-type", "text/html; charset=utf-8");
  return page(fortunes);
});

let cache;
app.get("/cached-queries", async (request) => {
  cache ??= database.all();
  const worlds = await cache;
  return ids(request.query.count).map((id) => worlds[id - 1]);
});

async function call(number) {
  const response = await fetch(`${UPSTREAM_URL}/numbers/${number}`);
  return (await response.json()).number;
}

app.get("/fetch", async (request) => {
  const calls = Number(request.query.calls);
  const numbers = await Promise.all(Array.from({ length: calls }, (_, number) => call(number)));
  return { calls, sum: numbers.reduce((sum, number) => sum + number, 0) };
});

app.get("/wait", async (request) => {
  const ms = Number(request.query.ms);
  await new Promise((resolve) => setTimeout(resolve, ms));
  return { waited: ms };
});

serve((port) => app.listen({ port, host: "127.0.0.1" }));
