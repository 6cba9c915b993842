/** The lifespan of an app: in the test client, and in components on both engines. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Spikard, sleep } from "@spikard/wasm";
import { TestClient } from "@spikard/wasm/testing";
import { runBundle } from "./run-bundle.js";

const settingsOf = (app) => JSON.parse(app.component().definition.describe().settings || "{}");

test("the calls of the lifespan have the numbers after those of the routes", () => {
  const app = () => new Spikard().get("/a", () => "a").get("/b", () => "b");
  const none = () => {};
  assert.equal(settingsOf(app()).lifespan, undefined);
  assert.deepEqual(settingsOf(app().onStart(none)).lifespan, { start: 2 });
  assert.deepEqual(settingsOf(app().onStop(none)).lifespan, { stop: 2 });
  assert.deepEqual(settingsOf(app().onStop(none).onStart(none)).lifespan, { start: 2, stop: 3 });
  assert.equal(settingsOf(app().onInstance(none)).lifespan, undefined);
});

test("a value that is not a function, and a function of a mounted app, are errors", () => {
  assert.throws(() => new Spikard().onStart("x"), {
    name: "TypeError",
    message: "the onStart function of the app is `x`; give a function",
  });
  const inner = new Spikard().get("/", () => "").onStop(() => {});
  assert.throws(
    () => new Spikard().route("/x", inner).component(),
    /^TypeError: the app at `\/x` has `onStop`/,
  );
});

test("the client runs the functions in order, around its requests", async () => {
  const log = [];
  const app = new Spikard()
    .onStart(async ({ globals }) => {
      await sleep(1);
      globals.set("ready", true);
      log.push("start 1");
    })
    .onStart(() => log.push("start 2"))
    .onInstance(() => log.push("instance"))
    .onStop(({ globals }) => log.push(`stop ${globals.get("ready")}`))
    .get("/", ({ globals }) => {
      log.push("request");
      return { ready: globals.get("ready") };
    });
  const client = new TestClient(app);
  assert.deepEqual((await client.get("/")).json(), { ready: true });
  await client.get("/");
  await client.close();
  await client.close();
  assert.deepEqual(log, ["start 1", "start 2", "instance", "request", "request", "stop true"]);
});

test("a failure of the start or the stop is an error of the client", async () => {
  const fail = (method) => {
    const app = new Spikard().get("/", () => "");
    app[method](() => {
      throw new Error("no database");
    });
    return new TestClient(app);
  };
  await assert.rejects(fail("onStart").get("/"), /^Error: the app failed to start: Error: no database/);
  const stops = fail("onStop");
  await stops.get("/");
  await assert.rejects(stops.close(), /^Error: the app failed to stop: Error: no database/);
});

test("after a failure, the next request repeats the functions of the instance", async () => {
  let runs = 0;
  const app = new Spikard()
    .onInstance(() => {
      runs += 1;
      if (runs === 1) throw new Error("not yet");
    })
    .get("/", () => "fine");
  const client = new TestClient(app);
  const first = await client.get("/");
  assert.deepEqual([first.status, first.failure.message], [500, "Error: not yet"]);
  assert.equal((await client.get("/")).text(), "fine");
  assert.equal((await client.get("/")).text(), "fine");
  assert.equal(runs, 2);
});

test("requests at the same time wait for one run of the functions of the instance", async () => {
  let runs = 0;
  const app = new Spikard()
    .onInstance(async () => {
      runs += 1;
      await sleep(5);
    })
    .get("/", () => ({ runs }));
  const client = new TestClient(app);
  const replies = await Promise.all([1, 2, 3].map(() => client.get("/")));
  assert.deepEqual(
    replies.map((reply) => reply.json()),
    [{ runs: 1 }, { runs: 1 }, { runs: 1 }],
  );
});

test("when the request that runs them is cancelled, another one repeats them", async () => {
  let runs = 0;
  const app = new Spikard()
    .onInstance(async () => {
      runs += 1;
      await (runs === 1 ? new Promise(() => setTimeout(() => {}, 5)) : sleep(1));
    })
    .get("/", () => ({ runs }));
  const client = new TestClient(app);
  const controller = new AbortController();
  void client.get("/", { signal: controller.signal });
  const second = client.get("/");
  await new Promise((resolve) => setTimeout(resolve, 5));
  controller.abort();
  assert.deepEqual((await second).json(), { runs: 2 });
});

for (const engine of ["quickjs", "starlingmonkey"]) {
  test(`the lifespan of a component on ${engine}`, async () => {
    const app = `
import { Spikard, sleep } from "@spikard/wasm";
const log = [];
const app = new Spikard();
app.onInstance(async () => { await sleep(1); log.push("instance"); });
app.onStart(async ({ globals }) => { await sleep(1); globals.set("started", 1); log.push("start"); });
app.onStop(() => { throw new Error("stuck"); });
app.preHandler(() => { log.push("hook"); });
app.get("/", () => ({ log }));
export const { definition, handler, hooks } = app.component();
`;
    // The runner calls the numbers 0, 1 and 2: the route, the start and the stop.
    const { replies } = await runBundle(app, engine, [{}, {}, {}]);
    assert.deepEqual(JSON.parse(replies[0].body), { log: ["instance", "hook"] });
    assert.deepEqual([replies[1].status, replies[1].reported], [204, undefined]);
    assert.deepEqual([replies[2].status, replies[2].reported], [500, "Error: stuck"]);
  });
}
