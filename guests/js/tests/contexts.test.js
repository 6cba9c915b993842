/** The local context of a request and the global context of an app. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ContextError, Spikard } from "@spikard/wasm";
import { TestClient } from "@spikard/wasm/testing";

/** Calls `use` in a handler and rethrows its error. */
async function within(use, request) {
  let thrown;
  const app = new Spikard().get("/", (context) => {
    try {
      use(context);
    } catch (error) {
      thrown = error;
    }
  });
  await new TestClient(app).get("/", request);
  if (thrown !== undefined) throw thrown;
}

test("local values can be any JSON, and end with the request", async () => {
  const app = new Spikard().get("/", ({ local }) => {
    const before = local.get("a") ?? "nothing";
    local.set("a", { deep: [1, null, "é"] });
    const set = local.get("a");
    local.delete("a");
    return [before, set, local.get("a") === undefined];
  });
  const client = new TestClient(app);
  for (const _ of [1, 2]) {
    assert.deepEqual((await client.get("/")).json(), ["nothing", { deep: [1, null, "é"] }, true]);
  }
});

test("a test can set the host's local values", async () => {
  const app = new Spikard().get("/", ({ local }) => local.get("spikard.jwt").sub);
  const reply = await new TestClient(app).get("/", { local: { "spikard.jwt": { sub: "ann" } } });
  assert.equal(reply.text(), "ann");
});

test("global values outlast a request, and each client has its own", async () => {
  const app = new Spikard();
  app.get("/", () => ({ visits: app.globals.add("visits") }));
  const [one, other] = [new TestClient(app), new TestClient(app)];
  await one.get("/");
  assert.deepEqual((await one.get("/")).json(), { visits: 2 });
  assert.deepEqual((await other.get("/")).json(), { visits: 1 });
  assert.equal(one.globals.get("visits"), 2);
  one.globals.set("visits", 40);
  assert.deepEqual((await one.get("/")).json(), { visits: 41 });
});

test("add and swap", async () => {
  await within(({ globals }) => {
    assert.equal(globals.add("n"), 1);
    assert.equal(globals.add("n", 41), 42);
    // For a negative delta, StarlingMonkey and Node.js use `swap`.
    assert.deepEqual([globals.add("n", -50), globals.add("n", 3), globals.get("n")], [-8, -5, -5]);
    assert.equal(globals.swap("a", undefined, { x: 1 }), true);
    assert.equal(globals.swap("a", undefined, 2), false);
    assert.equal(globals.swap("a", { x: 1 }, 3), true);
    assert.equal(globals.swap("a", 3, undefined), true);
    assert.equal(globals.get("a"), undefined);
    globals.set("n", 1);
    globals.delete("n");
    assert.equal(globals.add("n", 0), 0);
  });
});

test("an error from the host is a ContextError with its message", async () => {
  const refused = [
    [
      ({ local }) => local.set("spikard.jwt", {}),
      /^the key `spikard.jwt` is reserved for the host: choose one/,
    ],
    [({ local }) => local.delete("spikard.jwt"), /is reserved for the host/],
    [({ local }) => local.set("", 1), /^a key has 1 to 256 bytes, and this one has 0$/],
    [({ local }) => local.set("é".repeat(129), 1), /this one has 258$/],
    [({ local }) => local.set("big", "x".repeat(1 << 20)), /would hold more than 1048576 bytes/],
    [({ globals }) => globals.set("big", "x".repeat(16 << 20)), /would hold more than 16777216 bytes/],
    [({ globals }) => [globals.set("t", "1"), globals.add("t")], /^the value of `t` is not an integer/],
    [({ globals }) => [globals.set("t", "1"), globals.add("t", -1)], /^the value of `t` is not an integer/],
  ];
  for (const [use, message] of refused) {
    await assert.rejects(within(use), (error) => {
      assert.ok(error instanceof ContextError, String(error));
      assert.match(error.message, message);
      return true;
    });
  }
  const max = Number.MAX_SAFE_INTEGER;
  for (const delta of [max, -max]) {
    const overflow = ({ globals }) => {
      for (let i = 0; i < 1025; i++) globals.add("n", delta);
    };
    await assert.rejects(within(overflow), { message: "the sum for `n` has more than 64 bits" });
  }
  let kept;
  await within((context) => {
    kept = context.local;
  });
  assert.throws(
    () => kept.set("a", 1),
    /^Error: the local context was used after its handler or hook ended; read what you need before/,
  );
});

test("a value without a JSON form, or a delta that is not an integer, is a TypeError", async () => {
  for (const use of [
    ({ local }) => local.set("f", () => 1),
    ({ globals }) => globals.set("u", undefined),
    ({ globals }) => globals.swap("a", undefined, Symbol("s")),
    ({ globals }) => globals.add("n", 1.5),
    ({ globals }) => globals.add("n", 2 ** 60),
    ({ globals }) => globals.add("n", "1"),
  ]) {
    await assert.rejects(within(use), TypeError);
  }
});
