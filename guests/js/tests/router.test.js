/** Routers: prefixes, tags, policies and hooks of mounted routes, and errors of the app. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpError, Router, Spikard } from "@spikard/wasm";
import { TestClient } from "@spikard/wasm/testing";

const described = (app) =>
  app
    .component()
    .definition.describe()
    .routes.map(({ method, path, settings }) => [method, path, settings === "" ? {} : JSON.parse(settings)]);

test("a mounted router adds its routes under the prefix, at its place", () => {
  const users = new Router({ tags: ["users"] });
  users.get("/", () => "list").get("/{id}", { tags: ["one"] }, ({ params }) => params.id);
  const app = new Spikard()
    .get("/first", () => "")
    .route("/users", users)
    .get("/last", () => "");
  users.post("/", () => "late");
  assert.deepEqual(described(app), [
    ["get", "/first", {}],
    ["get", "/users", { tags: ["users"] }],
    ["get", "/users/{id}", { tags: ["users", "one"] }],
    ["post", "/users", { tags: ["users"] }],
    ["get", "/last", {}],
  ]);
});

test("policies and tags are inherited, and the inner ones win", () => {
  const inner = new Router({ bodyLimit: 1, timeoutMs: 5, tags: ["inner"] })
    .get("/a", { bodyLimit: 2 }, () => "")
    .get("/b", () => "");
  const outer = new Router({ bodyLimit: 3, cors: { origins: ["*"] }, tags: ["outer"] }).route(
    "/inner",
    inner,
  );
  const app = new Spikard({ bodyLimit: 4 }).route("/outer", outer).route("/", inner);
  const cors = { origins: ["*"] };
  assert.deepEqual(described(app), [
    ["get", "/outer/inner/a", { body_limit: 2, timeout_ms: 5, cors, tags: ["outer", "inner"] }],
    ["get", "/outer/inner/b", { body_limit: 1, timeout_ms: 5, cors, tags: ["outer", "inner"] }],
    ["get", "/a", { body_limit: 2, timeout_ms: 5, tags: ["inner"] }],
    ["get", "/b", { body_limit: 1, timeout_ms: 5, tags: ["inner"] }],
  ]);
});

test("hooks run from the outermost to the innermost, and only for the routes of their router", async () => {
  const log = [];
  const say = (text) => () => void log.push(text);
  const inner = new Router({ hooks: { preHandler: [say("inner option")] } })
    .preHandler(say("inner method"))
    .get("/x", { hooks: { preHandler: say("route") } }, () => "x");
  const outer = new Router().preHandler(say("outer")).onResponse(say("reply")).route("/inner", inner);
  const app = new Spikard()
    .preHandler(say("app"))
    .route("/outer", outer)
    .get("/plain", () => "plain");
  const client = new TestClient(app);
  assert.equal((await client.get("/outer/inner/x")).text(), "x");
  assert.deepEqual(log.splice(0), ["app", "outer", "inner option", "inner method", "route", "reply"]);
  await client.get("/plain");
  assert.deepEqual(log, ["app"]);
});

test("an app can be mounted, with its hooks and policies", async () => {
  const admin = new Spikard({ name: "admin", bodyLimit: 9 })
    .onError((reply) => ({ admin: true, status: reply.status }))
    .get("/fail", () => {
      throw new Error("no");
    });
  const app = new Spikard().route("/admin", admin).get("/fail", () => {
    throw new HttpError(418, "tea");
  });
  assert.equal(described(app)[0][2].body_limit, 9);
  const client = new TestClient(app);
  const reply = await client.get("/admin/fail");
  assert.deepEqual([reply.status, reply.json()], [500, { admin: true, status: 500 }]);
  assert.equal((await client.get("/fail")).status, 418);
});

test("mistakes are errors when the component is created", () => {
  const self = new Router();
  self.route("/a", new Router().route("/b", self));
  const cases = [
    [() => new Spikard().route("users", new Router()), /^the prefix `users` does not begin with `\/`/],
    [() => new Spikard().route("/users/", new Router()), /^the prefix `\/users\/` does not begin/],
    [() => new Spikard().route(5, new Router()), /^the prefix `5` does not begin/],
    [
      () => new Spikard().route("/users", {}),
      /^the router at `\/users` is `\[object Object\]`; give a `Router`/,
    ],
    [() => new Spikard().route("/x", self).component(), /^the router at `\/x\/a\/b` contains itself/],
    [
      () => new Spikard().route("/x", new Router({ tag: "a" })).component(),
      /^the router at `\/x` has no option `tag`; the options are tags, hooks, bodyLimit/,
    ],
    [
      () => new Spikard().route("/x", new Spikard({ openapi: false })).component(),
      /^the app at `\/x` has `openapi`; set it on the app that mounts it/,
    ],
  ];
  for (const [run, message] of cases)
    assert.throws(run, (error) => error instanceof TypeError && message.test(error.message));
  const wrong = new Spikard().route(
    "/x",
    new Router({ hooks: { onReply: () => {} } }).get("/", () => ""),
  );
  assert.throws(
    () => wrong.component().definition.describe(),
    (sentence) => /^route `GET \/x` has no hook `onReply`/.test(sentence),
  );
});

test("the app's onError also answers a request that no route handles", () => {
  const { hooks } = new Spikard()
    .onError((reply, _, message) => ({ status: reply.status, message }))
    .get("/", { hooks: { onError: () => ({ of: "the route" }) } }, () => "")
    .component();
  const [status, , content] = hooks.onError(4294967295, 404, "", "no route");
  assert.deepEqual([status, JSON.parse(content.val)], [404, { status: 404, message: "no route" }]);
});
