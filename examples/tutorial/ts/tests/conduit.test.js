import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { TestClient } from "@spikard/wasm/testing";
import Sqlite from "better-sqlite3";
import { app } from "../dist/app.js";

function newClient() {
  const main = new Sqlite(":memory:");
  main.exec(readFileSync("migrations/0001_initial.sql", "utf8"));
  return new TestClient(app, { databases: { main }, secrets: { jwt: "a key of at least thirty-two bytes" } });
}

/** Registers a user, and returns the header that signs its requests in. */
async function register(client, username) {
  const user = { username, email: `${username}@example.com`, password: "correct horse" };
  const reply = await client.post("/api/users", { json: { user } });
  assert.equal(reply.status, 201);
  return { authorization: `Bearer ${reply.json().user.token}` };
}

test("registration and login", async () => {
  const client = newClient();
  const headers = await register(client, "ann");
  assert.equal((await client.get("/api/user", { headers })).json().user.email, "ann@example.com");
  const logIn = (password) =>
    client.post("/api/users/login", { json: { user: { email: "ann@example.com", password } } });
  assert.equal((await logIn("correct horse")).status, 200);
  assert.equal((await logIn("wrong")).status, 401);
});

test("a name that is taken", async () => {
  const client = newClient();
  await register(client, "ann");
  const user = { username: "ann", email: "other@example.com", password: "correct horse" };
  const reply = await client.post("/api/users", { json: { user } });
  assert.deepEqual([reply.status, reply.json().detail], [422, "username has already been taken"]);
});

test("an article", async () => {
  const client = newClient();
  const headers = await register(client, "ann");
  const article = { title: "First steps", description: "d", body: "b" };
  assert.equal((await client.post("/api/articles", { json: { article } })).status, 401);
  const reply = await client.post("/api/articles", { headers, json: { article } });
  assert.equal(reply.json().article.slug, "first-steps");
  const found = (await client.get("/api/articles/first-steps")).json();
  assert.equal(found.article.author.username, "ann");
  assert.equal((await client.get("/api/articles/other")).status, 404);
});
