/** QuickJS: an app whose component runs in Node.js. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runBundle } from "./run-bundle.js";

const APP = `
import { Spikard, HttpError, Reply } from "@spikard/wasm";
const app = new Spikard();
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
async function* count(n) { for (let i = 0; i < n; i++) { await null; yield i; } }
app.get("/await", async () => { let sum = 0; for await (const i of count(4)) sum += i; return { sum }; });
app.get("/all", async () => Promise.all([1, sleep(2).then(() => 2), (async () => 3)()]));
app.get("/throw", async () => { await sleep(1); throw new HttpError(418, "tea"); });
app.get("/never", () => new Promise(() => {}));
app.get("/globals", () => {
  console.log("hello", { a: 1 });
  const uuid = crypto.randomUUID();
  return { uuid, random: Math.random() !== Math.random(), text: new TextDecoder().decode(new TextEncoder().encode("ü")) };
});
app.get("/teapot", { hooks: { preHandler: async () => { await null; return new Reply({ tea: true }, { status: 418 }); } } }, () => "");
app.get("/go", { hooks: { preHandler: async () => { await sleep(1); } } }, ({ globals }) => globals.add("n", -2));
export const { definition, handler, hooks } = app.component();
`;

test("promises, timers and globals work on QuickJS", async () => {
  const { output, replies } = await runBundle(APP, "quickjs");
  const [awaited, all, thrown, never, globals, teapot, go] = replies;
  assert.equal(output, "hello { a: 1 }\n");
  assert.deepEqual([awaited.status, awaited.body], [200, '{"sum":6}']);
  assert.deepEqual([all.status, all.body], [200, "[1,2,3]"]);
  assert.deepEqual([thrown.status, JSON.parse(thrown.body).detail], [418, "tea"]);
  assert.equal(never.status, 500);
  assert.match(never.reported, /^Error: the promise never settles/);
  assert.deepEqual([teapot.status, teapot.body], [418, '{"tea":true}']);
  assert.deepEqual([go.status, go.body], [200, "998"]);
  const { uuid, random, text } = JSON.parse(globals.body);
  assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual([random, text], [true, "ü"]);
});

const SEVERAL = `
import { Spikard } from "@spikard/wasm";
const first = new Spikard();
first.get("/", () => "first");
first.get("/again", () => {
  try {
    new Spikard().get("/", () => "third").component();
  } catch (error) {
    return error.message;
  }
});
export const { definition, handler, hooks } = first.component();
new Spikard().get("/", () => "second").component();
`;

test("the handlers of the exported app run, and no app can be created in a request", async () => {
  const { replies } = await runBundle(SEVERAL, "quickjs");
  assert.deepEqual(
    replies.map(({ body }) => body),
    ["first", "`app.component()` was called after the app was loaded: call it at the top level"],
  );
});
