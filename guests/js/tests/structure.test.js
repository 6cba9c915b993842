/** Dependencies and exception handlers: in the test client, and in components on both engines. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpError, Reply, Router, Spikard, sleep } from "@spikard/wasm";
import { TestClient } from "@spikard/wasm/testing";
import { runBundle } from "./run-bundle.js";

test("handlers get the values of dependencies, which see those of outer routers", async () => {
  const log = [];
  const database = async () => {
    log.push("database");
    await sleep(1);
    return { find: (name) => ({ name }) };
  };
  const app = new Spikard();
  const data = app.with({ db: database });
  const users = data.with({
    user: ({ db, params }) => db.find(params.name),
    // The same function under another name: it does not run again.
    other: database,
  });
  users.get("/users/{name}", ({ user, other, db }) => ({ user, same: other === db }));
  data.get("/plain", (context) => ({ user: "user" in context, db: "db" in context }));
  app.get("/none", (context) => ({ db: "db" in context }));
  const client = new TestClient(app);
  assert.deepEqual((await client.get("/users/ann")).json(), { user: { name: "ann" }, same: true });
  assert.deepEqual(log, ["database"]);
  assert.deepEqual((await client.get("/plain")).json(), { user: false, db: true });
  assert.deepEqual((await client.get("/none")).json(), { db: false });
});

test("dependencies belong to routers, with their prefix and hooks", async () => {
  const app = new Spikard();
  const router = new Router({ tags: ["a"] });
  router.with({ n: () => 1 }).get("/", ({ n }) => ({ n }));
  const inner = new Router();
  inner.get("/deep", (context) => ({ n: context.n, m: context.m }));
  router.with({ m: () => 2 }).route("/inner", inner);
  app.with({ n: () => 3 }).route("/a", router);
  const client = new TestClient(app);
  assert.deepEqual((await client.get("/a")).json(), { n: 1 });
  assert.deepEqual((await client.get("/a/inner/deep")).json(), { n: 3, m: 2 });
});

test("a dependency can refuse the request", async () => {
  let isCalled = false;
  const app = new Spikard();
  app
    .with({
      user: async () => {
        await sleep(1);
        throw new HttpError(401, "who are you?");
      },
    })
    .get("/", () => {
      isCalled = true;
    });
  const reply = await new TestClient(app).get("/");
  assert.deepEqual([reply.status, reply.json().detail, isCalled], [401, "who are you?", false]);
});

test("a generator cleans up after the handler, in reverse order, and sees its error", async () => {
  const log = [];
  const resource = (name) =>
    async function* () {
      log.push(`open ${name}`);
      try {
        yield name;
        log.push(`commit ${name}`);
      } catch (error) {
        log.push(`roll back ${name}: ${error.message}`);
        throw error;
      } finally {
        await sleep(1);
        log.push(`close ${name}`);
      }
    };
  const app = new Spikard();
  const scope = app.with({ a: resource("a") }).with({ b: resource("b") });
  scope.get("/fine", ({ a, b }) => {
    log.push(`handler ${a} ${b}`);
    return "fine";
  });
  scope.get("/fails", () => {
    throw new HttpError(409, "no");
  });
  scope.with({ c: () => Promise.reject(new HttpError(403, "not c")) }).get("/refused", () => "");
  const client = new TestClient(app);
  assert.equal((await client.get("/fine")).text(), "fine");
  assert.deepEqual(log.splice(0), [
    "open a",
    "open b",
    "handler a b",
    "commit b",
    "close b",
    "commit a",
    "close a",
  ]);
  assert.equal((await client.get("/fails")).status, 409);
  const rolledBack = (why) => [
    "open a",
    "open b",
    `roll back b: ${why}`,
    "close b",
    `roll back a: ${why}`,
    "close a",
  ];
  assert.deepEqual(log.splice(0), rolledBack("no"));
  assert.equal((await client.get("/refused")).status, 403);
  assert.deepEqual(log, rolledBack("not c"));
});

test("mistakes in generators fail the request", async () => {
  const cases = [
    [function* () {}, "TypeError: the dependency `it` is a generator that yields nothing; yield its value"],
    [
      function* () {
        yield 1;
        yield 2;
      },
      "TypeError: the dependency `it` yields twice; yield its value once",
    ],
    [
      function* () {
        yield 1;
        throw new Error("cannot commit");
      },
      "Error: cannot commit",
    ],
  ];
  for (const [it, message] of cases) {
    const app = new Spikard();
    app.with({ it }).get("/", () => "");
    const { status, failure } = await new TestClient(app).get("/");
    assert.deepEqual([status, failure.message], [500, message]);
  }
});

test("a test replaces dependencies", async () => {
  const app = new Spikard();
  const fails = () => {
    throw new Error("no database in tests");
  };
  app.with({ user: fails }).get("/", ({ user }) => user);
  const client = new TestClient(app, { dependencies: { user: () => ({ name: "ann" }) } });
  assert.deepEqual((await client.get("/")).json(), { name: "ann" });
  assert.throws(() => new TestClient(app, { dependencies: { usr: () => 1 } }), {
    message: "the app has no dependency `usr`; its dependencies are user",
  });
});

test("invalid dependencies and exception handlers are errors", () => {
  const app = new Spikard();
  const cases = [
    [
      () => app.with({ body: () => 1 }),
      "a dependency has the name `body`, which every context has; choose another one",
    ],
    [() => app.with({ a: 1 }), "the dependency `a` is `1`; give a function"],
    [() => app.with(undefined), "the dependencies are `undefined`; give an object of functions"],
    [
      () => app.onException("x", () => 1),
      "the first argument of `onException` is `x`; give a class of errors",
    ],
    [() => app.onException(Error, 1), "the exception handler is `1`; give a function"],
  ];
  for (const [run, message] of cases) assert.throws(run, { name: "TypeError", message });
});

class Missing extends Error {}
class OutOfStock extends Missing {}

test("the exception handler of the most specific class replies", async () => {
  const throws = (error) => () => {
    throw error;
  };
  const app = new Spikard()
    .onException(Error, () => undefined)
    .onException(Missing, async (error, { request }) => {
      await sleep(1);
      return new Reply({ missing: error.message, path: request.path }, { status: 404 });
    })
    .onException(OutOfStock, ({ message }) => ({ sold: message }))
    .get("/missing", { status: 201 }, throws(new Missing("a")))
    .get("/stock", { status: 201 }, async () => {
      await sleep(1);
      throw new OutOfStock("b");
    })
    .get("/other", throws(new Error("secret")))
    .get("/thrown", throws(null))
    .get("/fine", () => "fine");
  app.with({ a: throws(new OutOfStock("c")) }).get("/dependency", () => "");
  const strict = new Router().onException(HttpError, (error) => ({ error: error.message }));
  strict.get("/http", throws(new HttpError(418, "tea")));
  strict.get("/hook", { hooks: { preHandler: throws(new HttpError(403, "no")) } }, () => "");
  strict.get("/late", { hooks: { onResponse: throws(new Missing("late")) } }, () => "");
  app.route("/strict", strict);
  const client = new TestClient(app);
  const of = async (path) => {
    const reply = await client.get(path);
    return [reply.status, reply.failure?.message ?? reply.json()];
  };
  assert.deepEqual(await of("/missing"), [404, { missing: "a", path: "/missing" }]);
  assert.deepEqual(await of("/stock"), [500, { sold: "b" }]);
  assert.deepEqual(await of("/dependency"), [500, { sold: "c" }]);
  assert.deepEqual(await of("/other"), [500, "Error: secret"]);
  assert.equal((await client.get("/thrown")).status, 500);
  assert.equal((await client.get("/fine")).text(), "fine");
  assert.deepEqual(await of("/strict/http"), [418, { error: "tea" }]);
  assert.deepEqual(await of("/strict/hook"), [403, { error: "no" }]);
  assert.deepEqual(await of("/strict/late"), [404, { missing: "late", path: "/strict/late" }]);
});

test("an HttpError has extensions and headers", async () => {
  const app = new Spikard()
    .get("/a", () => {
      const extensions = { type: "https://errors.example/taken", suggestion: "ann2" };
      throw new HttpError(409, "it is taken", { extensions, headers: { "x-a": "1" } });
    })
    .get("/b", () => {
      throw new HttpError(401, "no", { "content-type": "application/json", "x-b": "2" });
    });
  const client = new TestClient(app);
  const a = await client.get("/a");
  assert.deepEqual(a.json(), {
    type: "https://errors.example/taken",
    title: "Conflict",
    status: 409,
    detail: "it is taken",
    suggestion: "ann2",
  });
  assert.deepEqual([a.header("x-a"), a.header("content-type")], ["1", "application/problem+json"]);
  const b = await client.get("/b");
  const types = b.headers.filter(([name]) => name === "content-type");
  assert.deepEqual([types, b.header("x-b")], [[["content-type", "application/json"]], "2"]);
});

for (const engine of ["quickjs", "starlingmonkey"]) {
  test(`dependencies and exception handlers of a component on ${engine}`, async () => {
    const app = `
import { Spikard, sleep } from "@spikard/wasm";
class Missing extends Error {}
const log = [];
const app = new Spikard().onException(Missing, async (error, { request }) => { await sleep(1); return { missing: error.message, path: request.path }; });
const scope = app.with({
  async *tx() { await sleep(1); try { yield "tx"; log.push("commit"); } catch (error) { log.push(error.message); throw error; } finally { await sleep(1); log.push("close"); } },
});
scope.get("/fine", async ({ tx, request }) => { await sleep(1); return { tx, path: request.path }; });
scope.get("/fails", ({ tx }) => { throw new Missing(tx); });
app.get("/log", () => ({ log }));
export const { definition, handler, hooks } = app.component();
`;
    const { replies } = await runBundle(app, engine);
    assert.deepEqual(
      replies.map(({ status, body }) => [status, JSON.parse(body)]),
      [
        [200, { tx: "tx", path: "/of/0" }],
        [500, { missing: "tx", path: "/of/1" }],
        [200, { log: ["commit", "close", "tx", "close"] }],
      ],
    );
  });
}
