import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { TestClient } from "@spikard/wasm/testing";
import Sqlite from "better-sqlite3";
import { app } from "../dist/app.js";

const migrations = new URL("../../migrations/sqlite/", import.meta.url);

function emptyDatabase() {
  const database = new Sqlite(":memory:");
  for (const file of readdirSync(migrations).sort())
    database.exec(readFileSync(new URL(file, migrations), "utf8"));
  return database;
}

const secrets = { jwt: "a key of at least thirty-two bytes", rates: "a key" };
const config = { rates_url: "https://rates.example" };

const newClient = (options) =>
  new TestClient(app, { databases: { main: emptyDatabase() }, secrets, config, ...options });

test("a note", async () => {
  const client = newClient();
  const reply = await client.post("/notes", { json: { title: "Milk", text: "2 liters" } });
  assert.equal(reply.status, 201);
  assert.deepEqual((await client.get("/notes/1")).json(), { id: 1, title: "Milk", text: "2 liters" });
  assert.equal((await client.get("/notes/2")).status, 404);
});

test("a title that is taken", async () => {
  const client = newClient();
  await client.post("/notes", { json: { title: "Milk", text: "" } });
  const reply = await client.post("/notes", { json: { title: "Milk", text: "" } });
  assert.equal(reply.status, 409);
  assert.equal(reply.json().detail, "the title `Milk` is taken");
});

test("a merge changes both notes or none", async () => {
  const client = newClient();
  await client.post("/notes", { json: { title: "Milk", text: "2 liters" } });
  assert.equal((await client.post("/notes/7/merge/1")).status, 404);
  assert.equal((await client.get("/notes/1")).status, 200);
});

test("a rate", async () => {
  const client = newClient({
    fetch: async (url) => {
      assert.equal(String(url), "https://rates.example/rates?currency=EUR");
      return Response.json({ currency: "EUR", dollars: 1.09 });
    },
  });
  assert.deepEqual((await client.get("/rates/EUR")).json(), { currency: "EUR", dollars: 1.09 });
});

test("a service that is not available", async () => {
  const client = newClient({
    fetch: async () => {
      throw new TypeError("fetch failed");
    },
  });
  const reply = await client.post("/rates/orders", { json: { currency: "EUR", amount: 5 } });
  assert.deepEqual([reply.status, reply.header("retry-after")], [503, "10"]);
});

test("orders have numbers", async () => {
  const client = newClient();
  assert.equal((await client.put("/carts/ann", { json: { items: ["tea"] } })).status, 204);
  assert.deepEqual((await client.get("/carts/ann")).json(), { items: ["tea"] });
  assert.deepEqual((await client.post("/carts/ann/order")).json(), { number: 1 });
  assert.deepEqual((await client.get("/carts/ann")).json(), { items: [] });
});

test("a token of the login", async () => {
  const client = newClient();
  const json = { name: "ann", password: "correct horse" };
  await client.post("/accounts", { json });
  const { token } = (await client.post("/accounts/login", { json })).json();
  const reply = await client.get("/accounts/me", { headers: { authorization: `Bearer ${token}` } });
  assert.deepEqual(reply.json(), { id: 1, name: "ann" });
  assert.equal((await client.get("/accounts/me")).status, 401);
});

test("an account, without a token", async () => {
  const client = newClient();
  const reply = await client.get("/accounts/me", { local: { "spikard.jwt": { sub: "7", name: "bob" } } });
  assert.deepEqual(reply.json(), { id: 7, name: "bob" });
});

test("a report that takes too long", async () => {
  const client = newClient();
  assert.equal((await client.get("/waiting/report", { query: { ms: "1500" } })).status, 504);
});

test("a client that disconnects", async () => {
  const client = newClient();
  const reply = await client.post("/waiting/export", { signal: AbortSignal.timeout(20) });
  assert.match(reply.failure.message, /^AbortError/);
});

test("an invitation continues after the reply", async () => {
  const client = newClient();
  const reply = await client.post("/invitations", { json: { email: "bob@example.com" } });
  assert.deepEqual([reply.status, reply.json()], [202, { accepted: "bob@example.com" }]);
  assert.deepEqual((await client.get("/invitations/count")).json(), { count: 0 });
  await client.background();
  assert.deepEqual((await client.get("/invitations/count")).json(), { count: 1 });
});

test("a greeting with the settings of the operator", async () => {
  const client = newClient({ config: { ...config, greeting: "Hi", page_size: "5" } });
  assert.deepEqual((await client.get("/greeting/Ann")).json(), { message: "Hi, Ann!", page_size: 5 });
});

test("a team has two members", async () => {
  const client = newClient();
  const join = (user) => client.post("/teams/red/join", { headers: { "x-user": user } });
  assert.deepEqual((await join("ann")).json(), { team: "red", user: "ann" });
  await join("bob");
  const reply = await join("eve");
  assert.deepEqual([reply.status, reply.json()], [409, { full: "red" }]);
});

test("a fake user", async () => {
  const client = newClient({ dependencies: { user: () => "ann" } });
  assert.deepEqual((await client.post("/teams/red/join")).json(), { team: "red", user: "ann" });
});

test("errors of the host in the form of the service", async () => {
  const client = newClient();
  const reply = await client.get("/teams/red/members", { query: { page: "0" } });
  assert.deepEqual([reply.status, reply.header("x-teams")], [422, undefined]);
  assert.match(reply.json().message, /valid/i);
});

test("a blocked address", async () => {
  const client = newClient({ config: { ...config, blocked: "eve@example.com" } });
  const reply = await client.post("/invitations", { json: { email: "eve@example.com" } });
  assert.equal(reply.status, 403);
});
