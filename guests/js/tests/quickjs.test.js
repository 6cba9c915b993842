/** What the SDK brings to QuickJS: promises, text, and a whole app bundled for it, run on node. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bundle } from "../dist/build/bundle.js";
import { JobPromise, runJobs } from "../dist/engine/promise.js";
import { Utf8Decoder, Utf8Encoder } from "../dist/engine/text.js";

/** What a promise has come to when no job is left. */
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

test("text is encoded and decoded as node does", () => {
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
app.get("/go", { hooks: { preHandler: async () => { await sleep(1); } } }, ({ global }) => global.add("n", -2));
export const { definition, handler, hooks } = app.component();
`;

/** Stands in for the host's modules, so that node can load the bundle. */
const HOOKS = `
const modules = {
  "spikard:handler/request@0.1.0": "export const method = () => 'GET', path = method, query = method, header = method, headers = method, cookie = method, cookies = method, peer = method, id = method, rawBody = method, file = method;",
  "spikard:handler/failure@0.1.0": "export const report = (message) => { globalThis.reported = message; };",
  "spikard:handler/local-context@0.1.0": "export const get = () => null, set = get;",
  "spikard:handler/global-context@0.1.0": "export const get = () => null, set = get, swap = get, add = (key, delta) => 1000 + delta;",
  "spikard:handler/reply@0.1.0": "export const body = () => ({ tag: 'empty' });",
  "wasi:cli/stdout@0.2.12": "import { writeSync } from 'node:fs'; export const getStdout = () => ({ blockingWriteAndFlush: (bytes) => writeSync(1, bytes), [Symbol.for('dispose')]() {}, [Symbol.dispose]() {} });",
  "wasi:cli/stderr@0.2.12": "export const getStderr = undefined;",
  "wasi:clocks/monotonic-clock@0.2.12": "export const subscribeDuration = (ns) => ({ block: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ns / 1e6), [Symbol.dispose]() {} });",
  "wasi:random/random@0.2.12": "import { randomBytes } from 'node:crypto'; export const getRandomBytes = (n) => new Uint8Array(randomBytes(n));",
};
export async function resolve(name, context, next) {
  return name in modules ? { url: "data:text/javascript," + encodeURIComponent(modules[name]), shortCircuit: true } : next(name, context);
}
`;

const RUN = `
import { writeSync } from "node:fs";
import { register } from "node:module";
register(process.argv[2]);
const NativePromise = Promise;
const { handler, definition, hooks } = await import(process.argv[3]);
const replies = definition.describe().routes.map((_, route) => {
  globalThis.reported = undefined;
  const reply = hooks.preHandler(route, "") ?? handler.handle(route, "", { tag: "empty" });
  return reply instanceof NativePromise ? "a promise" : { status: reply[0], body: reply[2].val, reported: globalThis.reported };
});
writeSync(1, JSON.stringify(replies) + "\\n");
process.exit();
`;

test("an app bundled for QuickJS answers without the engine's promises", async () => {
  // Inside the package, so that the app resolves it by its name.
  const folder = mkdtempSync(fileURLToPath(new URL("tmp-", import.meta.url)));
  try {
    const file = (name, text) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const { code: source } = await bundle(file("app.js", APP), "quickjs");
    assert.doesNotMatch(source, /\basync (function|\()/);
    const args = [
      file("run.mjs", RUN),
      pathToFileURL(file("hooks.mjs", HOOKS)).href,
      pathToFileURL(file("bundle.mjs", source)).href,
    ];
    const [logged, line] = execFileSync(process.execPath, args, { encoding: "utf8" }).split("\n");
    const [awaited, all, thrown, never, globals, teapot, go] = JSON.parse(line);
    assert.equal(logged, 'hello {"a":1}');
    assert.deepEqual(awaited, { status: 200, body: '{"sum":6}' });
    assert.deepEqual(all, { status: 200, body: "[1,2,3]" });
    assert.deepEqual([thrown.status, JSON.parse(thrown.body).detail], [418, "tea"]);
    assert.equal(never.status, 500);
    assert.match(never.reported, /^Error: the promise never settles/);
    assert.deepEqual(teapot, { status: 418, body: '{"tea":true}' });
    assert.deepEqual(go, { status: 200, body: "998" });
    const { uuid, random, text } = JSON.parse(globals.body);
    assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.deepEqual([random, text], [true, "ü"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
