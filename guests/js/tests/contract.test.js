/** The test client replies like the host. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Spikard } from "@spikard/wasm";
import { TestClient } from "@spikard/wasm/testing";

const ITEM = {
  type: "object",
  properties: { name: { type: "string" }, price: { type: "number", minimum: 0 } },
  required: ["name", "price"],
};

function shop() {
  return new Spikard({ trailingSlash: "redirect" })
    .get(
      "/items/{id:int}",
      { query: { page: { type: "integer", default: 1, minimum: 1 } } },
      ({ params }) => params,
    )
    .post("/items", { body: ITEM, bodyLimit: 64 }, ({ body }) => body);
}

test("a request that breaks the contract gets the host's problem document", async () => {
  const client = new TestClient(shop());
  const good = { name: "Tea", price: 1 };
  assert.deepEqual((await client.post("/items", { json: good })).json(), good);
  const refused = await client.post("/items", { json: { ...good, price: -1 } });
  assert.deepEqual([refused.status, refused.header("content-type")], [422, "application/problem+json"]);
  const { errors, ...problem } = refused.json();
  assert.deepEqual(problem, {
    type: "https://spikard.dev/errors/validation-error",
    title: "Request Validation Failed",
    status: 422,
    detail: "1 validation error in request",
  });
  assert.deepEqual(errors[0].loc, ["body", "price"]);
  const both = await client.get("/items/x?page=0");
  assert.deepEqual(
    both.json().errors.map(({ loc }) => loc),
    [
      ["path", "id"],
      ["query", "page"],
    ],
  );
  const bad = { bytes: new TextEncoder().encode("{"), headers: { "content-type": "application/json" } };
  assert.equal((await client.post("/items", bad)).status, 400);
  assert.equal((await client.post("/items", { json: { ...good, name: "x".repeat(64) } })).status, 413);
  assert.equal((await client.post("/items", { text: "tea" })).status, 415);
});

test("a request without a route gets the host's reply", async () => {
  const client = new TestClient(shop());
  assert.equal((await client.get("/nothing")).json().detail, "no route has this path");
  const wrong = await client.put("/items");
  assert.deepEqual([wrong.status, wrong.header("allow")], [405, "POST, OPTIONS"]);
  const options = await client.options("/items");
  assert.deepEqual([options.status, options.header("allow"), options.text()], [204, "POST, OPTIONS", ""]);
  const moved = await client.get("/items/1/?page=2");
  assert.deepEqual([moved.status, moved.header("location")], [308, "/items/1?page=2"]);
  assert.deepEqual((await client.get("/items/1")).json(), { id: 1, page: 1 });
  assert.equal((await client.head("/items/1")).text(), "");
});

test("policies reject requests, count them and set headers", async () => {
  const app = () =>
    new Spikard({
      apiKey: { keys: [{ secret: "key" }] },
      rateLimit: { requests: 2, per: "hour" },
      securityHeaders: true,
    }).get("/", () => "in");
  const client = new TestClient(app(), { secrets: { key: "right" } });
  const refused = await client.get("/", { headers: { "x-api-key": "wrong" } });
  assert.deepEqual([refused.status, refused.header("ratelimit-remaining")], [401, "1"]);
  const reply = await client.get("/", { headers: { "x-api-key": "right" } });
  assert.deepEqual(
    [reply.status, reply.text(), reply.header("x-content-type-options")],
    [200, "in", "nosniff"],
  );
  const late = await client.get("/");
  assert.equal(late.status, 429);
  assert.ok(Number(late.header("retry-after")) > 0);
  assert.throws(() => new TestClient(app(), { secrets: {} }), /needs the secret `key`/);
  // An unknown API key is rejected; a token cannot be verified without its key.
  const right = { headers: { "x-api-key": "right" } };
  assert.equal((await new TestClient(app()).get("/", right)).status, 401);
  const guarded = new Spikard({ jwt: { secret: { secret: "key" } } }).get("/", ({ local }) =>
    local.get("spikard.jwt"),
  );
  const token = { headers: { authorization: "Bearer a.b.c" } };
  await assert.rejects(new TestClient(guarded).get("/", token), /give it to the client in `secrets`/);
  const malformed = await new TestClient(guarded, { secrets: { key: "k" } }).get("/", token);
  assert.deepEqual([malformed.status, malformed.json().title], [401, "JWT validation failed"]);
  const claims = { local: { "spikard.jwt": { sub: "ann" } } };
  assert.deepEqual((await new TestClient(guarded).get("/", claims)).json(), { sub: "ann" });
});

test("an onError hook gets the reply that rejects a request", async () => {
  const seen = [];
  const app = shop();
  app.onError((reply, _context, message) => {
    seen.push([message, reply.status]);
  });
  assert.equal((await new TestClient(app).post("/items", { json: {} })).status, 422);
  assert.deepEqual(seen, [["2 validation errors in request", 422]]);
});
