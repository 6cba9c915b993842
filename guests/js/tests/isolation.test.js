/** Isolation of requests: objects, pending work and errors of one request do not reach another. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Spikard } from "@spikard/wasm";
import { TestClient } from "@spikard/wasm/testing";
import { runBundle } from "./run-bundle.js";

const ENGINES = ["quickjs", "starlingmonkey"];
const ENDED = /was used after its handler or hook ended; read what you need before it returns/;

test("objects of a request throw after it ends", async () => {
  const kept = [];
  const app = new Spikard()
    .onRequest((context) => void kept.push(context))
    .onResponse((reply, context) => void kept.push(context, { reply }))
    .get("/sync", (context) => void kept.push(context, { local: context.local, request: context.request }))
    .get("/async", async (context) => {
      await null;
      context.local.get("a");
      kept.push(context);
    })
    .get("/throws", (context) => {
      kept.push(context);
      throw new TypeError("no");
    })
    .post("/file", (context) => void kept.push(context, { file: context.body.file }))
    .get("/other", () => {
      let thrown = 0;
      for (const { request, local, file, reply } of kept) {
        const reads = [
          request && (() => request.method),
          request && (() => request.path),
          request && (() => request.queryString),
          request && (() => request.query),
          request && (() => request.header("a")),
          request && (() => request.headers),
          request && (() => request.rawHeaders),
          request && (() => request.cookie("a")),
          request && (() => request.cookies),
          request && (() => request.peer),
          request && (() => request.id),
          request && (() => request.rawBody()),
          local && (() => local.get("a")),
          local && (() => local.set("a", 1)),
          local && (() => local.delete("a")),
          file && (() => file.bytes()),
          reply && (() => reply.body),
        ].filter(Boolean);
        for (const read of reads) {
          assert.throws(read, ENDED);
          thrown += 1;
        }
      }
      return thrown;
    });
  const client = new TestClient(app);
  for (const path of ["/sync", "/async", "/throws"]) await client.get(path);
  const bytes = new Uint8Array([1]);
  await client.post("/file", { form: { file: { filename: "a", bytes } } });
  const reply = await client.get("/other");
  assert.equal(reply.failure, undefined);
  // The contexts of 5 and 3 hooks and of 4 handlers, a request with its local context, a file and 3 replies.
  assert.equal(reply.json(), (5 + 3 + 4) * 15 + 15 + 1 + 3);
});

const LEFT = `
import { Spikard } from "@spikard/wasm";
const app = new Spikard();
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const ran = [];
let request;
app.get("/timer", ({ request, local }) => {
  setTimeout(() => ran.push(request.header("x-user"), local.get("u")), 1);
  setInterval(() => ran.push("again"), 1);
  setTimeout(() => { throw new Error("late"); }, 1);
  return "ok";
});
app.get("/async-timer", async ({ request }) => {
  setTimeout(() => ran.push(request.path), 5);
  await sleep(1);
  return "ok";
});
app.get("/hooked", { hooks: { preHandler: () => { setTimeout(() => ran.push("of a hook"), 1); } } }, () => "ok");
app.get("/chain", ({ request }) => {
  sleep(1).then(() => ran.push(request.path));
  (async () => { await sleep(1); ran.push(request.path); })();
  return "ok";
});
app.get("/keep", (context) => { request = context.request; return "ok"; });
app.get("/see", async () => {
  await sleep(20);
  let thrown = "nothing";
  try { thrown = request.path; } catch (error) { thrown = error.message; }
  return { ran, thrown };
});
export const { definition, handler, hooks } = app.component();
`;

for (const engine of ENGINES) {
  test(`pending timers of a request do not run in another, on ${engine}`, async () => {
    const { replies, errors } = await runBundle(LEFT, engine);
    const seen = JSON.parse(replies.pop().body);
    for (const { status, body, reported } of replies) {
      assert.deepEqual([status, body, reported], [200, "ok", undefined]);
    }
    assert.deepEqual(seen.ran, []);
    assert.match(seen.thrown, ENDED);
    // The warning appears once per instance.
    assert.match(errors, /^a request ended with timers pending, which were cleared; await the work[^\n]*\n$/);
  });
}

const THROWING = `
import { Spikard } from "@spikard/wasm";
const app = new Spikard();
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
app.get("/micro", async () => {
  queueMicrotask(() => { throw new Error("of a microtask"); });
  queueMicrotask(() => { throw Object.create(null); });
  return { n: await Promise.resolve(7) };
});
app.get("/timer", async () => {
  setTimeout(() => { throw new Error("of a timer"); }, 1);
  let ticks = 0;
  const id = setInterval(() => { ticks += 1; if (ticks === 2) clearInterval(id); throw new Error("of an interval"); }, 1);
  await sleep(80);
  return { ticks };
});
app.get("/left", () => {
  queueMicrotask(() => { throw new Error("of a job that was left"); });
  return "ok";
});
app.get("/after", async () => { await sleep(1); return "fine"; });
export const { definition, handler, hooks } = app.component();
`;

for (const engine of ENGINES) {
  test(`an error of a callback is logged and does not fail a request, on ${engine}`, async () => {
    const { replies, errors } = await runBundle(THROWING, engine);
    const seen = replies.map(({ status, body, reported }) => [status, body, reported ?? null]);
    assert.deepEqual(seen, [
      [200, '{"n":7}', null],
      [200, '{"ticks":2}', null],
      [200, "ok", null],
      [200, "fine", null],
    ]);
    assert.match(errors, /uncaught error in a microtask: Error: of a microtask\n/);
    assert.match(errors, /uncaught error in a timer: Error: of a timer\n/);
    assert.match(errors, /uncaught error in a timer: Error: of an interval\n/);
    assert.match(errors, /uncaught error in a microtask: Error: of a job that was left\n/);
  });
}

const JOBS = `
import { Spikard } from "@spikard/wasm";
const app = new Spikard();
let seen;
app.get("/left", ({ request }) => {
  Promise.resolve().then(() => { seen = request.path; });
  return "ok";
});
app.get("/see", () => ({ seen }));
export const { definition, handler, hooks } = app.component();
`;

test("pending jobs of a synchronous handler run within its own request, on quickjs", async () => {
  const { replies } = await runBundle(JOBS, "quickjs");
  assert.equal(replies[1].body, '{"seen":"/of/0"}');
});

const DELAYS = `
import { Spikard } from "@spikard/wasm";
const app = new Spikard();
for (const [name, delay] of Object.entries({ a: Infinity, b: 2 ** 32, c: -1, d: NaN, e: "x", f: 2 ** 31, g: -Infinity, h: 1e300 })) {
  app.get("/" + name, async () => { await new Promise((resolve) => setTimeout(resolve, delay)); return "ran"; });
}
export const { definition, handler, hooks } = app.component();
`;

test("an invalid delay, or one outside 32 bits, becomes 0, on quickjs", async () => {
  const { replies } = await runBundle(DELAYS, "quickjs");
  assert.deepEqual(new Set(replies.map(({ body }) => body)), new Set(["ran"]));
  assert.equal(replies.length, 8);
});
