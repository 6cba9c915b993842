/** The arguments of handlers, and the replies for their return values and errors. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { HttpError, html, Reply, redirect, Spikard, UploadFile } from "@spikard/wasm";
import { TestClient } from "@spikard/wasm/testing";

/** Returns the reply to GET / of an app whose only handler is `handler`. */
function replyOf(handler, options = {}) {
  return new TestClient(new Spikard().get("/", options, handler)).get("/");
}

test("the type of a value selects the type of the body", async () => {
  const cases = [
    [{ a: 1 }, 200, "application/json", '{"a":1}'],
    [[1, 2], 200, "application/json", "[1,2]"],
    [null, 200, "application/json", "null"],
    [false, 200, "application/json", "false"],
    [new Date(0), 200, "application/json", '"1970-01-01T00:00:00.000Z"'],
    ["hi", 200, "text/plain; charset=utf-8", "hi"],
    ["", 200, "text/plain; charset=utf-8", ""],
    [new Uint8Array([104, 105]), 200, "application/octet-stream", "hi"],
    [new Uint8Array([104, 105]).buffer, 200, "application/octet-stream", "hi"],
    [new DataView(new Uint8Array([104, 105]).buffer, 1), 200, "application/octet-stream", "i"],
    // StarlingMonkey creates the host's bytes in another realm.
    [runInNewContext("new Uint8Array([104, 105])"), 200, "application/octet-stream", "hi"],
    [runInNewContext("new Uint8Array([104, 105]).buffer"), 200, "application/octet-stream", "hi"],
    [undefined, 204, undefined, ""],
  ];
  for (const [value, status, type, text] of cases) {
    for (const handler of [() => value, async () => value]) {
      const reply = await replyOf(handler);
      assert.equal(reply.failure, undefined);
      assert.deepEqual([reply.status, reply.header("content-type"), reply.text()], [status, type, text]);
    }
  }
});

test("a route's status is the default for its replies", async () => {
  assert.equal((await replyOf(() => ({}), { status: 201 })).status, 201);
  assert.equal((await replyOf(() => undefined, { status: 202 })).status, 202);
  assert.equal((await replyOf(() => new Reply({}), { status: 201 })).status, 201);
  assert.equal((await replyOf(() => new Reply({}, { status: 203 }), { status: 201 })).status, 203);
  assert.equal((await replyOf(() => new Reply())).status, 204);
});

test("a reply can have headers, including repeated ones", async () => {
  const reply = await replyOf(() => new Reply("x", { headers: { "X-A": 1, "set-cookie": ["a=1", "b=2"] } }));
  assert.deepEqual(reply.headers, [
    ["x-a", "1"],
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
  ]);
});

test("html and redirect", async () => {
  const page = await replyOf(() => html("<p>hi", { status: 404, headers: { "x-a": "b" } }));
  assert.deepEqual(
    [page.status, page.header("content-type"), page.header("x-a")],
    [404, "text/html; charset=utf-8", "b"],
  );
  const away = await replyOf(() => redirect("/there"));
  assert.deepEqual([away.status, away.header("location"), away.text()], [303, "/there", ""]);
  assert.equal((await replyOf(() => redirect("/there", 308))).status, 308);
});

test("an HttpError becomes a problem document", async () => {
  for (const handler of [
    () => {
      throw new HttpError(404, "no such user", { "x-a": "b" });
    },
    async () => {
      throw new HttpError(404, "no such user", { "x-a": "b" });
    },
  ]) {
    const reply = await replyOf(handler);
    assert.equal(reply.status, 404);
    assert.equal(reply.header("content-type"), "application/problem+json");
    assert.equal(reply.header("x-a"), "b");
    assert.deepEqual(reply.json(), {
      type: "about:blank",
      title: "Not Found",
      status: 404,
      detail: "no such user",
    });
  }
});

test("any other error is reported and becomes status 500", async () => {
  const failing = [
    [() => JSON.parse("{"), /^SyntaxError: /],
    [
      async () => {
        throw new TypeError("no", { cause: new Error("why") });
      },
      /^TypeError: no$/,
    ],
    [
      () => {
        throw "text";
      },
      /^the handler threw "text"$/,
    ],
    [
      () => {
        throw undefined;
      },
      /^the handler threw `undefined`$/,
    ],
    [
      () => {
        throw Object.create(null);
      },
      /cannot be converted to a string$/,
    ],
    [
      () => Symbol("s"),
      /^TypeError: a value of type `symbol` was returned, which has no JSON form; return a plain object, an array, a string, bytes or a `Reply`$/,
    ],
    [() => 1n, /BigInt/],
    [() => new Reply("", { status: 99 }), /status `99`: give one from 200 to 599$/],
    [() => new Reply("", { status: 200.5 }), /status `200.5`/],
    [() => new Reply("", { headers: { "a b": "c" } }), /header `a b`, which is not a valid header name$/],
    [() => new Reply("", { headers: { a: "b\r\nc: d" } }), /header `a` has a value with a line break/],
    [
      () => {
        throw new HttpError(100, "no");
      },
      /status `100`/,
    ],
  ];
  for (const [handler, message] of failing) {
    const reply = await replyOf(handler);
    assert.equal(reply.status, 500);
    assert.equal(reply.json().title, "Internal Server Error");
    assert.match(reply.failure?.message ?? "", message);
  }
  const { failure } = await replyOf(failing[1][0]);
  assert.match(failure.detail, /app\.test\.js[\s\S]*caused by Error: why/);
});

test("parameters have their declared types, and headers and cookies their keys", async () => {
  const app = new Spikard().get(
    "/users/{id}/{*rest}",
    {
      path: { id: { type: "integer" } },
      query: {
        page: { type: "integer", default: 1 },
        tag: { type: "array", items: { type: "integer" } },
        all: { type: "boolean" },
      },
      headers: { "X-Api-Key": { type: "string", required: true } },
      cookies: { "session-id": { type: "string" } },
    },
    ({ params }) => params,
  );
  const client = new TestClient(app);
  const reply = await client.get("/users/7/a/b", {
    query: { tag: ["1", "2"], all: "true", other: "x" },
    headers: { "x-api-key": "k" },
    cookies: { "session-id": "s" },
  });
  assert.deepEqual(reply.json(), {
    id: 7,
    rest: "a/b",
    page: 1,
    tag: [1, 2],
    all: true,
    x_api_key: "k",
    session_id: "s",
  });
});

test("query parameters can use the styles of OpenAPI", async () => {
  const query = {
    ids: { type: "array", items: { type: "integer" }, explode: false },
    filter: { type: "object", style: "deepObject" },
  };
  const app = new Spikard().get("/", { query }, ({ params }) => params);
  const reply = await new TestClient(app).get("/", { query: "ids=1,2&filter[a]=x&filter[b]=y" });
  assert.deepEqual(reply.json(), { ids: [1, 2], filter: { a: "x", b: "y" } });
});

test("the content type of a body selects its type", async () => {
  const app = new Spikard()
    .post(
      "/",
      ({ body }) =>
        new Reply({
          type: body?.constructor?.name ?? typeof body,
          own: body instanceof Uint8Array || undefined,
          body,
        }),
    )
    .post("/raw", { rawBody: true }, ({ body }) => body)
    .post("/form", ({ body }) => {
      assert.ok(body.file instanceof UploadFile);
      const { filename, contentType, size } = body.file;
      return {
        ...body,
        file: { filename, contentType, size, first: body.file.bytes()[0] },
        more: body.more.length,
      };
    });
  const client = new TestClient(app);
  assert.deepEqual((await client.post("/", { json: { a: 1 } })).json(), { type: "Object", body: { a: 1 } });
  assert.deepEqual((await client.post("/", { text: "hi" })).json(), { type: "String", body: "hi" });
  for (const bytes of [new Uint8Array([1]), runInNewContext("new Uint8Array([1])")]) {
    assert.deepEqual((await client.post("/", { bytes })).json(), {
      type: "Uint8Array",
      own: true,
      body: { 0: 1 },
    });
  }
  assert.deepEqual((await client.post("/")).json(), { type: "undefined" });
  assert.equal((await client.post("/raw", { json: { a: 1 } })).text(), '{"a":1}');
  const file = { filename: "a.txt", contentType: "text/plain", bytes: new Uint8Array([65, 66]) };
  assert.deepEqual((await client.post("/form", { form: { name: "Ann", file, more: [file, file] } })).json(), {
    name: "Ann",
    file: { filename: "a.txt", contentType: "text/plain", size: 2, first: 65 },
    more: 2,
  });
});

test("the request is available during its call only", async () => {
  let kept;
  const app = new Spikard().post("/a/{b}", ({ request }) => {
    kept = request;
    return {
      method: request.method,
      path: request.path,
      queryString: request.queryString,
      query: [
        request.query.getAll("x"),
        request.query.get("y"),
        request.query.get("z") ?? null,
        request.query.names(),
      ],
      header: [request.header("X-A"), request.header("x-b") ?? null],
      headers: request.headers,
      cookies: [request.cookies, request.cookie("c"), request.cookie("d") ?? null],
      peer: request.peer,
      id: request.id,
      raw: request.rawBody().length,
    };
  });
  const reply = await new TestClient(app).post("/a/b", {
    query: "x=1&x=a+b%26&y=%zz",
    headers: { "X-A": "grüß" },
    cookies: { c: "1" },
    json: [1],
  });
  assert.deepEqual(reply.json(), {
    method: "POST",
    path: "/a/b",
    queryString: "x=1&x=a+b%26&y=%zz",
    query: [["1", "a b&"], "%zz", null, ["x", "y"]],
    header: ["grüß", null],
    headers: [
      ["x-a", "grüß"],
      ["cookie", "c=1"],
      ["content-type", "application/json"],
    ],
    cookies: [[["c", "1"]], "1", null],
    peer: "127.0.0.1:50122",
    id: "test",
    raw: 3,
  });
  const ended =
    /^Error: the request was used after its handler or hook ended; read what you need before it returns/;
  assert.throws(() => kept.method, ended);
  assert.throws(() => kept.header("x-a"), ended);
});

test("the client matches routes like the host", async () => {
  const app = new Spikard()
    .get("/a", () => "get")
    .delete("/a", () => "delete")
    .options("/a", () => "options");
  const client = new TestClient(app);
  assert.equal((await client.get("/a")).text(), "get");
  assert.equal((await client.head("/a")).status, 200);
  assert.equal((await client.delete("/a")).text(), "delete");
  assert.equal((await client.options("/a")).text(), "options");
  assert.equal((await client.put("/a")).status, 405);
  assert.equal((await client.get("/b")).status, 404);
});
