/** Hooks: their order, and their effect on requests and replies. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpError, html, Reply, Spikard } from "@spikard/wasm";
import { TestClient } from "@spikard/wasm/testing";

/** Returns a hook that records its name in the local context, optionally after a delay. */
function note(name, late = false) {
  const now = ({ local }) => local.set("log", [...(local.get("log") ?? []), name]);
  return late ? async (context) => Promise.resolve().then(() => now(context)) : now;
}

test("hooks run in declared order, the app's first, and share values with the handler", async () => {
  const app = new Spikard()
    .onRequest(note("request 1", true))
    .onRequest(note("request 2"))
    .preValidation(note("validation"))
    .preHandler(note("handler 1"))
    .onResponse((reply, { local }) => reply.headers.set("x-log", local.get("log").join(", ")));
  const hooks = { onRequest: note("route"), preHandler: [note("handler 2", true), note("handler 3")] };
  app.get("/", { hooks }, ({ local }) => local.get("log"));
  const log = ["request 1", "request 2", "route", "validation", "handler 1", "handler 2", "handler 3"];
  const client = new TestClient(app);
  for (const _ of [1, 2]) {
    const reply = await client.get("/");
    assert.deepEqual([reply.json(), reply.header("x-log")], [log, log.join(", ")]);
  }
});

test("a hook before the handler can return a reply, which skips later hooks and the handler", async () => {
  const cases = [
    [() => ({ a: 1 }), 200, '{"a":1}'],
    [async () => "text", 200, "text"],
    [() => new Reply({ teapot: true }, { status: 418 }), 418, '{"teapot":true}'],
    [() => new Reply(), 204, ""],
    [() => null, 200, "null"],
    [() => undefined, 200, "handled"],
    [async () => {}, 200, "handled"],
  ];
  for (const kind of ["onRequest", "preValidation", "preHandler"]) {
    for (const [hook, status, text] of cases) {
      let later = 0;
      const app = new Spikard()
        .onResponse((reply) => reply.headers.set("x-seen", "yes"))
        .get("/", { hooks: { [kind]: [hook, () => void later++] } }, () => "handled");
      const reply = await new TestClient(app).get("/");
      assert.deepEqual(
        [reply.status, reply.text(), reply.header("x-seen"), later],
        [status, text, "yes", text === "handled" ? 1 : 0],
      );
    }
  }
});

test("only a preHandler hook has the parameters", async () => {
  const seen = [];
  const see = ({ params, request, body }) => void seen.push([params, request.path, body]);
  const app = new Spikard().onRequest(see).preHandler(see);
  app.post("/{id}", { path: { id: { type: "integer" } } }, () => "");
  await new TestClient(app).post("/7", { json: {} });
  assert.deepEqual(seen, [
    [{}, "/7", undefined],
    [{ id: 7 }, "/7", undefined],
  ]);
});

/** Returns the reply of an app whose handler returns `value`, with these onResponse hooks. */
function changed(value, ...onResponse) {
  return new TestClient(new Spikard().get("/", { hooks: { onResponse } }, () => value)).get("/");
}

test("a hook can change the status and the headers of a reply", async () => {
  const sent = new Reply("x", { status: 201, headers: { "X-A": "1", "set-cookie": ["a=1", "b=2"] } });
  const reply = await changed(sent, (reply) => {
    const { headers } = reply;
    assert.deepEqual(
      [reply.status, headers.get("x-a"), headers.get("none"), headers.getAll("Set-Cookie")],
      [201, "1", undefined, ["a=1", "b=2"]],
    );
    assert.deepEqual([...headers][0], ["X-A", "1"]);
    headers.set("x-a", 2);
    headers.append("set-cookie", "c=3");
    headers.delete("x-b");
    reply.status = 202;
  });
  assert.equal(reply.status, 202);
  assert.equal(reply.text(), "x");
  assert.deepEqual(reply.headers, [
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
    ["x-a", "2"],
    ["set-cookie", "c=3"],
  ]);
});

test("the content type of a reply selects the type of its body in a hook", async () => {
  const long = { text: "x".repeat(1000) };
  const typed = (value, type) => new Reply(value, { headers: { "content-type": type } });
  const encode = (text) => new TextEncoder().encode(text);
  const cases = [
    [{ a: 1 }, { a: 1 }],
    [long, long],
    ["text", "text"],
    [new Uint8Array([1, 2]), new Uint8Array([1, 2])],
    [undefined, undefined],
    [html("<p>"), "<p>"],
    // StarlingMonkey passes long texts as bytes, and a handler can return bytes too.
    [typed(encode('{"a":1}'), "application/json"), { a: 1 }],
    [typed(encode("grün"), "text/plain; charset=utf-8"), "grün"],
    [typed('{"a":1}', "application/problem+json"), { a: 1 }],
    [typed("no JSON", "application/json"), "no JSON"],
  ];
  for (const [value, body] of cases) {
    let seen;
    const reply = await changed(value, (reply) => {
      seen = reply.body;
    });
    assert.equal(reply.failure, undefined);
    assert.deepEqual(seen, body);
  }
});

test("setting the body removes a content type that does not match", async () => {
  const cases = [
    [{ a: 1 }, "text", "text/plain; charset=utf-8", "text"],
    ["text", { a: 1 }, "application/json", '{"a":1}'],
    [html("<p>"), "<b>", "text/html; charset=utf-8", "<b>"],
    [html("<p>"), [1], "application/json", "[1]"],
    [{ a: 1 }, new Uint8Array([104]), "application/octet-stream", "h"],
    ["text", undefined, undefined, ""],
  ];
  for (const [value, body, type, text] of cases) {
    const reply = await changed(
      value,
      (reply) => {
        reply.body = body;
      },
      (reply) => assert.equal(reply.body, body),
    );
    assert.deepEqual([reply.failure, reply.header("content-type"), reply.text()], [undefined, type, text]);
  }
  const own = await changed({ a: 1 }, (reply) => {
    reply.headers.set("content-type", "application/json");
    reply.body = "[]";
  });
  assert.deepEqual([own.header("content-type"), own.text()], ["application/json", "[]"]);
});

test("a hook after the handler can return another reply, which the next hook gets", async () => {
  const seen = [];
  const reply = await changed(
    new Reply("first", { status: 201, headers: { "x-a": "1" } }),
    async () => ({ second: true }),
    (reply) => void seen.push([reply.status, reply.headers.get("x-a"), reply.body]),
    (reply) => new Reply(reply.body, { status: 203, headers: { "x-b": "2" } }),
  );
  assert.deepEqual(seen, [[201, undefined, { second: true }]]);
  assert.deepEqual([reply.status, reply.headers, reply.json()], [203, [["x-b", "2"]], { second: true }]);
});

test("an error of a hook is treated like an error of a handler", async () => {
  const refuse = () => {
    throw new HttpError(403, "not you");
  };
  const fail = async () => {
    throw new TypeError("broken");
  };
  for (const kind of ["onRequest", "preValidation", "preHandler", "onResponse"]) {
    const app = new Spikard()
      .get("/refuse", { hooks: { [kind]: refuse } }, () => "")
      .get("/fail", { hooks: { [kind]: fail } }, () => "")
      .get("/text", { hooks: { [kind]: () => Promise.reject("text") } }, () => "");
    const client = new TestClient(app);
    const refused = await client.get("/refuse");
    assert.deepEqual([refused.status, refused.json().detail, refused.failure], [403, "not you", undefined]);
    const failed = await client.get("/fail");
    assert.deepEqual([failed.status, failed.failure.message], [500, "TypeError: broken"]);
    assert.equal(failed.json().type, "https://spikard.dev/errors/internal-server-error");
    assert.equal((await client.get("/text")).failure.message, 'the hook threw "text"');
  }
  const invalid = await changed("", (reply) => {
    reply.status = 99;
  });
  assert.match(invalid.failure.message, /status `99`: give one from 200 to 599$/);
  const split = await changed("", (reply) => reply.headers.set("x-a", "b\r\nc: d"));
  assert.match(split.failure.message, /header `x-a` has a value with a line break/);
});

test("an onError hook gets the problem document and the message of the log", async () => {
  const fail = () => {
    throw new Error("secret");
  };
  const unavailable = (reply) => {
    reply.status = 503;
  };
  const app = new Spikard()
    .onError((reply, { request }, message) => {
      assert.deepEqual([message, reply.status, reply.body.status], ["Error: secret", 500, 500]);
      return { error: "internal", request: request.id };
    })
    .onResponse(() => assert.fail("there is no reply of the app"))
    .get("/", fail)
    .get("/hook", { hooks: { onRequest: fail } }, () => "")
    .get("/status", { hooks: { onError: unavailable } }, fail)
    .get("/twice", { hooks: { onError: fail } }, fail);
  const client = new TestClient(app);
  for (const path of ["/", "/hook"]) {
    const reply = await client.get(path);
    assert.deepEqual([reply.status, reply.json()], [500, { error: "internal", request: "test" }]);
    assert.equal(reply.header("content-type"), "application/json");
    assert.equal(reply.failure.message, "Error: secret");
  }
  assert.equal((await client.get("/status")).status, 503);
  assert.equal((await client.get("/twice")).json().title, "Internal Server Error");
});
