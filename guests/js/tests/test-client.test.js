/** The services of the test client: databases, stores, settings, passwords, tokens, `fetch`, background work. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { createRequire } from "node:module";
import { test } from "node:test";
import {
  config,
  Database,
  jwt,
  OperationError,
  password,
  Spikard,
  SqlError,
  Store,
  secret,
  sleep,
  waitUntil,
} from "@spikard/wasm";
import { TestClient } from "@spikard/wasm/testing";

const hasSqlite = (() => {
  try {
    createRequire(import.meta.url)("node:sqlite");
    return true;
  } catch {
    return false;
  }
})();

/** Calls a handler once, and returns its reply. */
async function reply(handler, options, request) {
  return new TestClient(new Spikard().get("/", handler), options).get("/", request);
}

/** The value of its JSON reply. */
async function value(handler, options, request) {
  const { status, failure, ...rest } = await reply(handler, options, request);
  assert.equal(status, 200, failure?.message);
  return JSON.parse(rest.content.val);
}

test("settings and secrets are those of the options", async () => {
  const options = { config: { greeting: "hi" }, secrets: { key: "s3cret" } };
  const handler = () => [
    config("greeting"),
    config("none") ?? null,
    secret("key"),
    secret("toString") ?? null,
  ];
  assert.deepEqual(await value(handler, options), ["hi", null, "s3cret", null]);
});

test("stores keep values in memory, for each client", async () => {
  const store = new Store();
  const app = new Spikard().get("/", async () => {
    const list = [
      await store.get("a"),
      await store.exists("a"),
      await store.increment("n"),
      await store.increment("n", -5),
    ];
    await store.set("a", "ü");
    list.push(await store.get("a"), [...(await store.getBytes("a"))], await store.exists("a"));
    list.push(
      await store.swap("a", "x", "y"),
      await store.swap("a", "ü", "y"),
      await store.swap("b", undefined, new Uint8Array([65])),
    );
    await store.set("short", "1", { ttl: 5 });
    list.push(await store.get("short"));
    await sleep(20);
    list.push(await store.get("short"), await store.get("b"));
    await store.delete("a");
    const keys = [];
    for await (const key of store.list()) keys.push(key);
    list.push(keys, await new Store("other").get("b"));
    try {
      await store.increment("b");
    } catch (error) {
      list.push(error.code);
    }
    try {
      await store.get("");
    } catch (error) {
      list.push(error.message);
    }
    return list;
  });
  const expected = [
    null,
    false,
    1,
    -4,
    "ü",
    [195, 188],
    true,
    false,
    true,
    true,
    "1",
    null,
    "A",
    ["b", "n"],
    null,
    "invalid",
    "a key has 1 to 1024 bytes, and this one has 0",
  ];
  for (const client of [new TestClient(app), new TestClient(app)])
    assert.deepEqual((await client.get("/")).json(), expected);
});

test("passwords and tokens are checked", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const codes = async (...list) => {
    const found = [];
    for (const run of list) {
      try {
        found.push(await run());
      } catch (error) {
        found.push(`${error.code}: ${error.message}`);
      }
    }
    return found;
  };
  const [passwords, tokens, errors, elliptic] = await value(
    async () => {
      const hashed = await password.hash("pässword");
      const token = await jwt.sign(
        { sub: "ann", iss: "i", aud: ["a", "b"] },
        { secret: "jwt", expiresIn: 60 },
      );
      const signed = await jwt.sign({ n: 1 }, { algorithm: "ES256", key: privateKey });
      const claims = await jwt.verify(token, { secret: "jwt", issuer: "i", audience: "b" });
      const old = await jwt.sign({ exp: 1 }, { key: "k" });
      return [
        [
          await password.verify("pässword", hashed),
          await password.verify("no", hashed),
          hashed.split("$")[1],
        ],
        [claims.sub, claims.exp - claims.iat],
        await codes(
          () => jwt.verify(`${token}x`, { secret: "jwt" }),
          () => jwt.verify("a.b", { secret: "jwt" }),
          () => jwt.verify(token, { secret: "jwt", algorithm: "HS512" }),
          () => jwt.verify(token, { secret: "jwt", issuer: "other" }),
          () => jwt.verify(token, { secret: "jwt", audience: "c" }),
          () => jwt.verify(old, { key: "k" }),
          () => jwt.verify(token, { secret: "none" }),
          () => password.verify("x", "$2b$10$abc"),
        ),
        [(await jwt.verify(signed, { algorithm: "ES256", key: publicKey })).n],
      ];
    },
    { secrets: { jwt: "s" } },
  );
  assert.deepEqual(passwords.slice(0, 2), [true, false]);
  assert.match(passwords[2], /^(argon2id|scrypt)$/);
  assert.deepEqual([tokens, elliptic], [["ann", 60], [1]]);
  const invalid = "invalid-token: the token is invalid:";
  assert.deepEqual(errors, [
    `${invalid} its signature does not match`,
    `${invalid} it does not have three parts`,
    `${invalid} its algorithm is not HS512`,
    `${invalid} it has another issuer`,
    `${invalid} it has another audience`,
    `${invalid} it has expired`,
    "denied: the test client has no secret `none`; pass it in the option `secrets`",
    "invalid: the test client cannot verify a hash of `2b`; the host also knows bcrypt and PBKDF2",
  ]);
});

test("a hash in place of a password is an error", async () => {
  const { failure } = await reply(() => password.verify("$scrypt$ln=4,r=8,p=1$YQ$YQ", "x"));
  assert.equal(
    failure.message,
    "TypeError: the password looks like a hash; call `password.verify(password, hash)` with the password first",
  );
});

test("a database can be a function of the test", async () => {
  const db = new Database();
  const seen = [];
  const databases = {
    main: {
      async query(statement, parameters) {
        seen.push([statement, parameters]);
        if (statement.startsWith("insert")) return { changes: 2, lastId: 9 };
        return statement.startsWith("select") ? [{ n: 1 }] : undefined;
      },
    },
  };
  const result = await value(
    async () => {
      const inserted = await db.execute`insert ${1n}`;
      const rows = await db.transaction((tx) => tx.query("select $1", ["a"]));
      let missing;
      try {
        await new Database("other").query`select 1`;
      } catch (error) {
        missing = [error instanceof SqlError, error.code, error.message];
      }
      return [inserted, rows, missing];
    },
    { databases },
  );
  assert.deepEqual(result, [
    { changes: 2, lastId: 9 },
    [{ n: 1 }],
    [true, "denied", "the test client has no database `other`; its option `databases` has `main`"],
  ]);
  assert.deepEqual(seen, [
    ["insert $1", [{ int: "1" }]],
    ["begin", []],
    ["select $1", ["a"]],
    ["commit", []],
  ]);
});

/** The part of `better-sqlite3` that the client uses, which fails as it does. */
function recorded(rows, error) {
  const log = [];
  return {
    log,
    exec: (text) => log.push(text),
    prepare: (text) => ({
      reader: /^select/.test(text),
      safeIntegers() {},
      all: (...values) => {
        log.push([text, values]);
        return rows;
      },
      run: (...values) => {
        log.push([text, values]);
        if (error !== undefined && text.startsWith("insert")) throw new Error(error);
        return { changes: 1, lastInsertRowid: 2n ** 60n };
      },
    }),
  };
}

test("a database can be one of better-sqlite3: placeholders, values and errors are converted", async () => {
  const db = new Database();
  const main = recorded([{ n: 5n, big: 2n ** 60n, raw: Buffer.from([1, 2]), text: "a" }]);
  const [row, executed] = await value(
    async () => {
      const [row] = await db.query("select $2, '$1', $1, \"$1\" -- $1", [true, { a: 1 }]);
      return [
        { ...row, big: String(row.big), raw: [...row.raw] },
        String((await db.execute("update t")).lastId),
      ];
    },
    { databases: { main } },
  );
  assert.deepEqual(
    [row, executed],
    [{ n: 5, big: String(2n ** 60n), raw: [1, 2], text: "a" }, String(2n ** 60n)],
  );
  assert.deepEqual(main.log, [
    "pragma foreign_keys = on",
    ["select ?, '$1', ?, \"$1\" -- $1", ['{"a":1}', 1]],
    ["update t", []],
  ]);
  const messages = {
    "UNIQUE constraint failed: users.email, users.name": ["unique", "users", ["email", "name"], null],
    "NOT NULL constraint failed: users.email": ["not-null", "users", ["email"], null],
    "FOREIGN KEY constraint failed": ["foreign-key", null, [], null],
    "CHECK constraint failed: positive": ["check", null, [], "positive"],
    'near "x": syntax error': ["syntax", null, [], null],
    "database is locked": ["busy", null, [], null],
    "no such table: t": ["sql", null, [], null],
  };
  for (const [message, expected] of Object.entries(messages)) {
    const handler = async () => {
      try {
        await db.execute`insert`;
      } catch ({ code, table, columns, constraint, message }) {
        return [code, table ?? null, columns, constraint ?? null, message];
      }
    };
    const found = await value(handler, { databases: { main: recorded([], message) } });
    assert.deepEqual(found, [...expected, message]);
  }
});

test("without node:sqlite, a database explains what to do", { skip: hasSqlite }, async () => {
  const { failure } = await reply(() => new Database().query`select 1`);
  assert.match(
    failure.message,
    /^SqlError: this version of Node.js has no `node:sqlite`, which it has since 22\.13; pass `databases`/,
  );
});

test("SQLite of Node.js is the default database", { skip: !hasSqlite }, async () => {
  const db = new Database();
  const app = new Spikard()
    .post("/", async () => {
      await db.execute`create table users (id integer primary key, email text not null unique, data blob)`;
      return [];
    })
    .get("/", async () => {
      const { changes, lastId } =
        await db.execute`insert into users (email, data) values (${"a"}, ${new Uint8Array([1])})`;
      let code;
      try {
        await db.transaction(async (tx) => {
          await tx.execute`insert into users (email) values (${"b"})`;
          await tx.execute`insert into users (email) values (${"a"})`;
        });
      } catch (error) {
        code = [error.code, error.table, error.columns];
      }
      const rows = await db.query`select email, data, 9007199254740993 as big from users`;
      const returned = await db.first`insert into users (email) values ('c') returning id`;
      return [
        changes,
        lastId,
        code,
        rows.map((row) => [row.email, [...row.data], String(row.big)]),
        returned,
      ];
    });
  const client = new TestClient(app);
  await client.post("/");
  assert.deepEqual((await client.get("/")).json(), [
    1,
    1,
    ["unique", "users", ["email"]],
    [["a", [1], "9007199254740993"]],
    { id: 2 },
  ]);
});

test("transactions of a database run one after the other, and end with their request", async () => {
  const log = [];
  const main = {
    async query(statement) {
      await sleep2(1);
      log.push(statement);
    },
  };
  const sleep2 = (ms) => new Promise((done) => setTimeout(done, ms));
  const db = new Database();
  const app = new Spikard()
    .get("/{id}", ({ params }) => db.transaction((tx) => tx.execute(`of ${params.id}`)))
    .get("/left", () => {
      db.transaction(() => new Promise(() => {}));
      return "left";
    });
  const client = new TestClient(app, { databases: { main } });
  await Promise.all([client.get("/a"), client.get("/b")]);
  assert.deepEqual(log.splice(0), ["begin", "of a", "commit", "begin", "of b", "commit"]);
  await client.get("/left");
  await client.get("/c");
  assert.deepEqual(log, ["begin", "rollback", "begin", "of c", "commit"]);
});

test("the option fetch replaces the global only in handlers", async () => {
  const original = globalThis.fetch;
  const own = async (url) => new Response(`fake ${url}`);
  const handler = async () => (await fetch("https://a.example/")).text();
  const replies = await Promise.all([
    reply(handler, { fetch: own }),
    reply(handler, { fetch: async () => new Response("other") }),
  ]);
  assert.deepEqual(
    replies.map((one) => one.text()),
    ["fake https://a.example/", "other"],
  );
  await assert.rejects(fetch("nonsense:"), TypeError);
  assert.notEqual(globalThis.fetch, own);
  assert.ok(original !== undefined);
});

test("requests run at the same time, each with its own request", async () => {
  const app = new Spikard().get(
    "/{id}",
    { hooks: { preHandler: () => sleep(1) } },
    async ({ params, request, local }) => {
      local.set("id", params.id);
      await sleep(Number(params.id));
      return [params.id, request.path, local.get("id")];
    },
  );
  const client = new TestClient(app);
  const replies = await Promise.all(["30", "5", "15"].map((id) => client.get(`/${id}`)));
  assert.deepEqual(
    replies.map((one) => one.json()),
    ["30", "5", "15"].map((id) => [id, `/${id}`, id]),
  );
});

test("background work ends before `background` does, and a signal cancels a request", async () => {
  const log = [];
  const app = new Spikard()
    .get("/work", () => {
      waitUntil(sleep(10).then(() => log.push("worked")));
      return "replied";
    })
    .get("/slow", async ({ request }) => {
      request.signal.addEventListener("abort", () => log.push("aborted"));
      try {
        await sleep(10_000);
      } finally {
        log.push("finally");
      }
    });
  const client = new TestClient(app);
  assert.equal((await client.get("/work")).text(), "replied");
  assert.deepEqual(log, []);
  await client.background();
  assert.deepEqual(log.splice(0), ["worked"]);
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 5);
  const { status, failure } = await client.get("/slow", { signal: controller.signal });
  assert.equal(status, 500);
  assert.match(failure.message, /AbortError: the request was cancelled|the handler threw/);
  assert.deepEqual(log, ["aborted", "finally"]);
});

test("an operation outside of a request explains itself", async () => {
  await assert.rejects(new Store().get("a"), /was used at the top level of a module/);
  assert.throws(() => config("a"), /was used at the top level/);
  assert.ok(new OperationError("m", "c", "k") instanceof Error);
});

test("a Response is a reply", async () => {
  const one = await reply(async () => Response.json({ a: 1 }, { status: 201, headers: { "x-a": "1" } }));
  assert.deepEqual(
    [one.status, one.header("x-a"), one.header("content-type"), one.json()],
    [201, "1", "application/json", { a: 1 }],
  );
});
