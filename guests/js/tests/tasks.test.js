/** Tasks of one instance on QuickJS: cancellation, several at once, and the cost of a handler that does not wait. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { bundle } from "../dist/build/bundle.js";
import { componentize } from "../dist/build/componentize.js";
import { Failed, FakeHost, sleep } from "./fake-host.js";
import { Instance, moduleOf } from "./quickjs-host.js";

const APP = `
import { Database, sleep, Spikard, Store, waitUntil } from "@spikard/wasm";
const app = new Spikard();
const db = new Database();
const log = [];
app.get("/hello", () => ({ hello: "world" }));
app.get("/log", () => log.splice(0));
app.get("/ready", async () => (await db.first\`ready\`).n);
app.get("/echo", async ({ params, body, request }) => { await sleep(2); return { params, body, path: request.path }; });
app.get("/cancel", async ({ request }) => {
  const { signal } = request;
  signal.addEventListener("abort", () => log.push("signal " + signal.reason.name));
  setTimeout(() => log.push("never"), 1);
  try { await db.query\`slow\`; } catch (error) { log.push(error.name); throw error; } finally { await sleep(2); log.push("finally"); }
});
let shared;
app.get("/single", async ({ params, request }) => {
  shared ??= db.first\`single\`;
  const { n } = await shared;
  const own = request.path;
  await sleep(1);
  return { n, id: params.id, own, after: request.path };
});
app.get("/forget", () => { shared = undefined; return "ok"; });
app.get("/many", async () => (await Promise.all(Array.from({ length: 500 }, (_, n) => sleep(1).then(() => n)))).length);
app.get("/reject", async () => { Promise.reject(new Error("unhandled")); const handled = Promise.reject(1); await null; await handled.catch(() => {}); return "fine"; });
app.get("/throw-in-done", async () => { await sleep(1); queueMicrotask(() => { throw new Error("of a microtask"); }); await sleep(1); return "fine"; });
app.get("/after", async ({ request }) => { (async () => { await shared; try { await sleep(1); log.push("ran"); } catch (error) { log.push(error.message); } try { request.path; } catch (error) { log.push(error.message.slice(0, 20)); } })(); return "replied"; });
app.get("/background", async () => { waitUntil(sleep(5).then(() => log.push("background"))); return "replied"; });
app.get("/endless", () => { waitUntil(new Promise(() => {})); return "replied"; });
app.get("/interval", () => { setInterval(() => log.push("tick"), 1); return "replied"; });
app.get("/zero", async () => { for (let n = 0; n < 500; n++) await new Promise((done) => setTimeout(done)); return "done"; });
export const { definition, handler, hooks } = app.component();
`;

let module;
before(async () => {
  const folder = mkdtempSync(fileURLToPath(new URL("tmp-", import.meta.url)));
  try {
    const file = join(folder, "app.js");
    writeFileSync(file, APP);
    module = moduleOf(await componentize(await bundle(file, "quickjs"), "quickjs"));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Returns a host with an instance of its own. `call` calls a route by its path. */
function started(kinds = {}) {
  const host = new FakeHost({
    "sql.query": ({ sql }) =>
      sql === "ready" ? { body: [{ n: 1 }] } : sleep({ ms: 10 }).then(() => ({ body: [{ n: 7 }] })),
    ...kinds,
  });
  const printed = [];
  host.instance = new Instance(
    module,
    {
      io: host.io,
      request: { path: () => `/task/${host.now}` },
      failure: {
        report: (message) => {
          host.reported = message;
        },
      },
    },
    (text) => printed.push(text),
  );
  const paths = host.instance.describe().routes.map(({ path }) => path);
  const begin = (path, params, body) =>
    host.begin(() => host.instance.handle(paths.indexOf(path), params, body));
  const call = async (path, params, body) => {
    const { status, content, reported } = await begin(path, params, body).reply;
    return { status, body: content?.val, reported };
  };
  return { host, begin, call, printed };
}

test("a handler that does not wait calls no import, and an operation that is ready does not suspend", async () => {
  const { host, call } = started();
  assert.deepEqual(await call("/hello"), { status: 200, body: '{"hello":"world"}', reported: undefined });
  assert.deepEqual(host.log, []);
  assert.equal((await call("/ready")).body, "1");
  assert.deepEqual(host.log, ["task", "submit sql.query"]);
});

test("the parameters and the body of a call outlive it", async () => {
  const { call } = started();
  const body = (text) => ({ tag: "json", val: JSON.stringify(text) });
  const calls = ["a", "b", "c".repeat(20_000)].map((text, at) => call("/echo", `{"n":${at}}`, body(text)));
  await call("/hello", `{"other":"${"x".repeat(20_000)}"}`, body("y".repeat(20_000)));
  for (const [at, reply] of (await Promise.all(calls)).entries()) {
    const { params, body: sent, path } = JSON.parse(reply.body);
    assert.deepEqual([params, sent[0], path], [{ n: at }, "abc"[at], `/task/${at + 1}`]);
  }
});

test("a cancelled call aborts its signal, rejects its operations, and runs its cleanup code", async () => {
  const { host, begin, call } = started();
  const { task } = begin("/cancel");
  host.cancel(task);
  await sleep({ ms: 30 });
  assert.deepEqual(JSON.parse((await call("/log")).body), ["signal AbortError", "AbortError", "finally"]);
  assert.equal(host.operations.size, 0);
  host.cancel(task);
  host.cancel(999);
  assert.equal((await call("/hello")).status, 200);
});

test("calls can share a promise, and each continues as itself", async () => {
  const { call, host } = started();
  const replies = await Promise.all(["x", "y", "z"].map((id) => call("/single", JSON.stringify({ id }))));
  assert.deepEqual(
    replies.map(({ body }) => JSON.parse(body)),
    ["x", "y", "z"].map((id, at) => ({ n: 7, id, own: `/task/${at + 1}`, after: `/task/${at + 1}` })),
  );
  assert.equal(host.log.filter((entry) => entry === "submit sql.query").length, 1);
});

test("a cancelled call rejects only what others share with it", async () => {
  const { host, begin, call } = started();
  const first = begin("/single", '{"id":"x"}');
  const second = call("/single", '{"id":"y"}');
  const other = call("/echo");
  host.cancel(first.task);
  const { status, reported } = await second;
  assert.deepEqual([status, reported], [500, "AbortError: the request was cancelled"]);
  assert.equal((await other).status, 200);
  await call("/forget");
  assert.equal(JSON.parse((await call("/single", '{"id":"z"}')).body).n, 7);
});

test("code of a call that has ended cannot start operations in another call", async () => {
  const { call } = started();
  const single = call("/single", '{"id":"x"}');
  assert.equal((await call("/after")).body, "replied");
  await single;
  const [message, gone] = JSON.parse((await call("/log")).body);
  assert.match(message, /^`sleep` was called after its request had ended; await the work in the handler/);
  assert.equal(gone, "the request was used");
});

test("an instance handles many operations and timers", async () => {
  const { host, call } = started();
  assert.equal((await call("/many")).body, "500");
  assert.equal((await call("/zero")).body, "done");
  assert.equal(host.operations.size, 0);
});

test("what a call leaves ends with it, unless it passed it to waitUntil", async () => {
  const { host, call } = started();
  for (const path of ["/interval", "/endless"]) {
    assert.equal((await call(path)).body, "replied");
    assert.equal(host.operations.size, 0, path);
  }
  await call("/background");
  assert.equal(host.operations.size, 1);
  await sleep({ ms: 20 });
  assert.deepEqual(JSON.parse((await call("/log")).body), ["background"]);
  assert.equal(host.operations.size, 0);
});

test("unhandled errors are logged, and the call succeeds", async () => {
  const { call, printed } = started();
  assert.equal((await call("/reject")).body, "fine");
  assert.equal((await call("/throw-in-done")).body, "fine");
  const text = printed.join("");
  assert.match(text, /^unhandled rejection of a promise: Error: unhandled\n/);
  assert.match(text, /uncaught error in a microtask: Error: of a microtask\n/);
  assert.equal(text.match(/unhandled rejection/g).length, 1);
});

test("results of the host that are wrong fail the call, and unknown operations are ignored", async () => {
  const { host, call } = started({
    "sql.query": async () => {
      throw new Failed("timeout", 'a "quoted" reason');
    },
  });
  const { status, reported } = await call("/ready");
  assert.deepEqual([status, reported], [500, 'SqlError: a "quoted" reason']);
  host.instance.resume(4711, 200, "{}", { tag: "json", val: "[]" });
  host.instance.cancel(4711);
  host.kinds["sql.query"] = () => ({ text: "not rows" });
  assert.equal((await call("/ready")).status, 204);
  host.kinds.sleep = () => {
    throw new Failed("too-many", "1024 operations are in progress");
  };
  assert.match((await call("/echo")).reported, /^OperationError: 1024 operations are in progress$/);
  assert.match(
    (await call("/interval")).reported,
    /^Error: the host set no timer: 1024 operations are in progress$/,
  );
});
