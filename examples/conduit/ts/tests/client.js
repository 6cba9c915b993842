/**
 * A client of the app with an empty database, and helpers for its requests.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
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

export class Conduit {
  client = new TestClient(app, {
    secrets: { jwt: "a secret of thirty-two bytes or more" },
    databases: { main: emptyDatabase() },
  });

  /** Sends a request below `/api`, signed with a token, with a body of JSON. */
  async send(method, path, token, json) {
    const headers = token === undefined ? {} : { authorization: `Token ${token}` };
    const reply = await this.client.request(method, `/api${path}`, { headers, json });
    assert.equal(reply.failure, undefined);
    return reply;
  }

  /** Sends a GET request, and returns the body of its reply. */
  async get(path, token) {
    const reply = await this.send("GET", path, token);
    assert.equal(reply.status, 200);
    return reply.json();
  }

  /** Registers a user and returns the token. */
  async register(username) {
    const user = { username, email: `${username}@example.com`, password: "horse" };
    const reply = await this.send("POST", "/users", undefined, { user });
    assert.equal(reply.status, 201);
    return reply.json().user.token;
  }

  /** Publishes an article and returns it. */
  async publish(token, title, fields = {}) {
    const article = { title, description: "d", body: "b", ...fields };
    const reply = await this.send("POST", "/articles", token, { article });
    assert.equal(reply.status, 201);
    return reply.json().article;
  }
}
