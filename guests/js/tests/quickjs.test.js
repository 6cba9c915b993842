/** The polyfills for QuickJS: promises and text, and an app that is bundled for QuickJS and runs on Node.js. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { JobPromise, runJobs } from "../dist/engine/promise.js";
import { Utf8Decoder, Utf8Encoder } from "../dist/engine/text.js";
import { runBundle } from "./run-bundle.js";

/** Returns the outcome of a promise once the job queue is empty. */
function outcome(promise) {
  let state = ["pending"];
  promise.then(
    (value) => {
      state = ["fulfilled", value];
    },
    (reason) => {
      state = ["rejected", reason];
    },
  );
  runJobs();
  return state;
}

test("promises settle when their jobs run", () => {
  const boom = new Error("boom");
  // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
  const thenable = { then: (resolve) => resolve(5) };
  const cases = [
    [JobPromise.resolve(1), ["fulfilled", 1]],
    [JobPromise.resolve(thenable), ["fulfilled", 5]],
    [JobPromise.reject(boom), ["rejected", boom]],
    [new JobPromise(() => {}), ["pending"]],
    [
      new JobPromise((resolve, reject) => {
        resolve(1);
        reject(boom);
      }),
      ["fulfilled", 1],
    ],
    [
      new JobPromise(() => {
        throw boom;
      }),
      ["rejected", boom],
    ],
    [JobPromise.resolve(1).then((n) => JobPromise.resolve(n + 1)), ["fulfilled", 2]],
    [JobPromise.reject(boom).catch(() => 3), ["fulfilled", 3]],
    [JobPromise.resolve(1).finally(() => 9), ["fulfilled", 1]],
    [
      JobPromise.resolve(1).finally(() => {
        throw boom;
      }),
      ["rejected", boom],
    ],
    [JobPromise.all([1, JobPromise.resolve(2), thenable]), ["fulfilled", [1, 2, 5]]],
    [JobPromise.all([]), ["fulfilled", []]],
    [JobPromise.all([1, JobPromise.reject(boom)]), ["rejected", boom]],
    [JobPromise.race([new JobPromise(() => {}), 2]), ["fulfilled", 2]],
    [JobPromise.any([JobPromise.reject(boom), 3]), ["fulfilled", 3]],
    [
      JobPromise.allSettled([1, JobPromise.reject(boom)]),
      [
        "fulfilled",
        [
          { status: "fulfilled", value: 1 },
          { status: "rejected", reason: boom },
        ],
      ],
    ],
    [
      JobPromise.try(() => {
        throw boom;
      }),
      ["rejected", boom],
    ],
  ];
  for (const [promise, expected] of cases) assert.deepEqual(outcome(promise), expected);
  const [state, error] = outcome(JobPromise.any([JobPromise.reject(boom)]));
  assert.deepEqual([state, error.errors], ["rejected", [boom]]);
  const self = JobPromise.withResolvers();
  self.resolve(self.promise);
  assert.match(String(outcome(self.promise)[1]), /cannot resolve to itself/);
});

test("reactions run in order, after the code that made them", () => {
  const order = [];
  JobPromise.resolve()
    .then(() => order.push("a"))
    .then(() => order.push("c"));
  JobPromise.resolve().then(() => order.push("b"));
  order.push("first");
  runJobs();
  assert.deepEqual(order, ["first", "a", "b", "c"]);
});

test("text is encoded and decoded like in Node.js", () => {
  const samples = ["", "abc", "grüß", "\u20ac", "\u{1f600}\u0000z", "\ud800x", "x\udc00", "\ufeffbom"];
  for (const text of samples) {
    assert.deepEqual(new Utf8Encoder().encode(text), new TextEncoder().encode(text));
  }
  let seed = 7;
  const next = () => {
    seed = (seed * 48271) % 2147483647;
    return seed;
  };
  const edges = [
    0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xa0, 0x9f, 0xed, 0xef, 0xf0, 0x90, 0xf4, 0x8f, 0xff,
    0xbb,
  ];
  for (let round = 0; round < 20_000; round++) {
    const bytes = Uint8Array.from({ length: next() % 9 }, () => edges[next() % edges.length]);
    assert.equal(new Utf8Decoder().decode(bytes), new TextDecoder().decode(bytes), `of ${bytes}`);
  }
  assert.throws(() => new Utf8Decoder("utf-8", { fatal: true }).decode(new Uint8Array([0xff])), TypeError);
  assert.throws(() => new Utf8Decoder("latin1"), RangeError);
});

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

test("an app bundled for QuickJS works without native promises", async () => {
  const { source, output, replies } = await runBundle(APP, "quickjs");
  assert.doesNotMatch(source, /\basync (function|\()/);
  const [awaited, all, thrown, never, globals, teapot, go] = replies;
  assert.equal(output, 'hello {"a":1}\n');
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
