/** Values that cross to the host: well-formed strings, arguments of the right type, and replies with a JSON form. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpError, Reply, Spikard, UploadFile } from "@spikard/wasm";
import { TestClient } from "@spikard/wasm/testing";
import { runBundle } from "./run-bundle.js";

const ENGINES = ["quickjs", "starlingmonkey"];

function replyOf(handler) {
  return new TestClient(new Spikard().get("/", handler)).get("/");
}

const LONE = `
import { Spikard, HttpError, Reply } from "@spikard/wasm";
const app = new Spikard();
const s = "a\\ud83d";
app.post("/body", ({ body }) => body.s);
app.post("/text-of-body", async ({ body }) => new Reply(body.s, { status: 201 }));
app.get("/json", () => ({ s, pair: "\\u{1f600}", backslash: "\\\\ud83d", ["\\udc00"]: 1 }));
app.get("/list", () => [s]);
app.get("/header", () => new Reply("", { headers: { "x-a": s } }));
app.get("/problem", () => { throw new HttpError(418, s); });
app.get("/report", () => { throw new TypeError(s); });
app.get("/thrown", () => { throw s; });
app.get("/argument", ({ request }) => request.header(s) + String(request.cookie(s)));
app.get("/local", ({ local }) => { local.set(s, s); return [local.get(s), local.get("a\\ufffd")]; });
app.get("/global", ({ globals }) => { globals.set(s, { s }); globals.swap(s, s, s); globals.add(s); const got = globals.get(s); globals.delete(s); return got; });
app.get("/log", () => { console.log(s); console.error(s); return "ok"; });
app.get("/hook", { hooks: { preHandler: () => s } }, () => "");
app.get("/late", () => s.repeat(400));
export const { definition, handler, hooks } = app.component();
`;

for (const engine of ENGINES) {
  test(`a lone surrogate crosses as U+FFFD, on ${engine}`, async () => {
    const body = { tag: "json", val: '{"s":"\\ud83dx"}' };
    const calls = Array.from({ length: 14 }, (_, at) => (at < 2 ? { body } : {}));
    const { replies } = await runBundle(LONE, engine, calls);
    const seen = replies.map(({ status, body = "" }) => [status, body]);
    assert.deepEqual(seen.slice(0, 4), [
      [200, "\ufffdx"],
      [201, "\ufffdx"],
      [200, '{"s":"a\ufffd","pair":"\u{1f600}","backslash":"\\\\ud83d","\ufffd":1}'],
      [200, '["a\ufffd"]'],
    ]);
    assert.equal(replies[4].headers, '[["x-a","a\ufffd"]]');
    assert.equal(JSON.parse(replies[5].body).detail, "a\ufffd");
    assert.equal(replies[6].reported, "TypeError: a\ufffd");
    assert.match(replies[7].reported, /^the handler threw "a(\\ud83d|\ufffd)"$/);
    assert.deepEqual(seen.slice(8), [
      [200, "header of 8undefined"],
      [200, '["a\ufffd","a\ufffd"]'],
      [200, '{"s":"a\ufffd"}'],
      [200, "ok"],
      [200, "a\ufffd"],
      [200, "a\ufffd".repeat(400)],
    ]);
  });
}

const WRONG = `
import { Spikard, UploadFile } from "@spikard/wasm";
const app = new Spikard();
const values = [undefined, null, 7, {}, [], true, 1n, Symbol("s"), Object.create(null)];
const uses = [
  ({ request }, value) => request.header(value),
  ({ request }, value) => request.cookie(value),
  ({ local }, value) => local.get(value),
  ({ local }, value) => local.set(value, 1),
  ({ local }, value) => local.delete(value),
  ({ globals }, value) => globals.get(value),
  ({ globals }, value) => globals.set(value, 1),
  ({ globals }, value) => globals.delete(value),
  ({ globals }, value) => globals.add(value),
  ({ globals }, value) => globals.swap(value, 1, 2),
];
app.get("/all", (context) => {
  let refused = 0;
  for (const use of uses) for (const value of values) {
    try { use(context, value); } catch (error) {
      if (!(error instanceof TypeError) || !/; give a string$/.test(error.message)) throw error;
      refused += 1;
    }
  }
  return { refused, of: uses.length * values.length };
});
app.get("/one", ({ request }) => request.header(undefined));
app.get("/part", () => {
  for (const part of ["0", 1.5, -1, 2 ** 32, NaN, undefined]) {
    try { new UploadFile(part, "a", undefined, 0).bytes(); return part; } catch (error) { if (!/no file/.test(error.message)) throw error; }
  }
  return "refused";
});
app.get("/after", () => "ok");
export const { definition, handler, hooks } = app.component();
`;

for (const engine of ENGINES) {
  test(`an argument of the wrong type is a TypeError and never crosses, on ${engine}`, async () => {
    const { replies } = await runBundle(WRONG, engine);
    const { refused, of } = JSON.parse(replies[0].body);
    assert.equal(refused, of);
    assert.deepEqual(
      [replies[1].status, replies[1].reported],
      [500, "TypeError: the name of a header is `undefined`; give a string"],
    );
    assert.deepEqual([replies[2].body, replies[3].body], ["refused", "ok"]);
  });
}

test("a thenable is awaited regardless of what its `then` returns", async () => {
  const cases = [
    [(resolve) => resolve("thenable"), 200, "thenable"],
    [(resolve) => void setTimeout(resolve, 1, "late"), 200, "late"],
    [(resolve) => [resolve("first"), resolve("second")], 200, "first"],
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
    [(resolve) => resolve({ then: (inner) => inner("nested") }), 200, "nested"],
    [(_, reject) => reject(new HttpError(418, "tea")), 418, undefined],
    [
      () => {
        throw new HttpError(418, "tea");
      },
      418,
      undefined,
    ],
  ];
  for (const [method, status, text] of cases) {
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
    const object = { then: method };
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
    const callable = Object.assign(() => {}, { then: method });
    for (const thenable of [object, callable]) {
      const reply = await replyOf(() => thenable);
      assert.deepEqual([reply.failure, reply.status], [undefined, status]);
      if (text !== undefined) assert.equal(reply.text(), text);
      const early = await new TestClient(new Spikard().preHandler(() => thenable).get("/", () => "")).get(
        "/",
      );
      assert.deepEqual([early.failure, early.status], [undefined, status]);
      const late = await new TestClient(new Spikard().onResponse(() => thenable).get("/", () => "")).get("/");
      assert.deepEqual([late.failure, late.status], [undefined, status]);
    }
  }
});

const THENABLES = `
import { Spikard } from "@spikard/wasm";
const app = new Spikard();
const thenable = { then(resolve) { resolve("thenable"); } };
app.get("/handler", () => thenable);
app.get("/hook", { hooks: { preHandler: () => thenable } }, () => "");
export const { definition, handler, hooks } = app.component();
`;

test("a thenable is awaited on quickjs", async () => {
  const { replies } = await runBundle(THENABLES, "quickjs");
  assert.deepEqual(new Set(replies.map(({ body }) => body)), new Set(["thenable"]));
});

test("a value that JSON.stringify would empty is rejected", async () => {
  const cases = [
    [new Map([["a", 1]]), "Map"],
    [new Set([1]), "Set"],
    [new Map().entries(), "Map Iterator"],
    [[1].values(), "Array Iterator"],
    [
      (function* () {
        yield 1;
      })(),
      "Generator",
    ],
    [
      (async function* () {
        yield 1;
      })(),
      "AsyncGenerator",
    ],
    [new Error("secret"), "Error"],
    [new TypeError("secret"), "Error"],
    [/a/, "RegExp"],
    [new WeakMap(), "WeakMap"],
    [new SharedArrayBuffer(1), "SharedArrayBuffer"],
    [new Headers({ a: "b" }), "Headers"],
    [new ReadableStream(), "ReadableStream"],
    [new Blob(["a"]), "Blob"],
    [new FormData(), "FormData"],
    [new URLSearchParams("a=1"), "URLSearchParams"],
    [Symbol("s"), "symbol"],
    [() => 1, "function"],
    [{ toJSON() {} }, "Object"],
    [{ toJSON: () => () => 1 }, "Object"],
  ];
  for (const [value, name] of cases) {
    for (const handler of [() => value, async () => value, () => new Reply(value)]) {
      const reply = await replyOf(handler);
      assert.equal(reply.status, 500, name);
      assert.equal(
        reply.failure.message,
        `TypeError: a value of type \`${name}\` was returned, which has no JSON form; ` +
          "return a plain object, an array, a string, bytes or a `Reply`",
      );
    }
    const app = new Spikard().onResponse((reply) => {
      reply.body = value;
    });
    assert.match((await new TestClient(app.get("/", () => "")).get("/")).failure.message, /has no JSON form/);
  }
  const promised = await replyOf(() => new Reply(Promise.resolve(1)));
  assert.match(promised.failure.message, /body of a `Reply` is a promise; await it/);
});

const PARTS = `
import { Spikard } from "@spikard/wasm";
const app = new Spikard();
app.get("/promise", () => ({ user: Promise.resolve(1) }));
app.get("/set", () => [{ tags: new Set([1]) }]);
app.get("/empty", () => ({ a: {}, text: "{}" }));
export const { definition, handler, hooks } = app.component();
`;

test("a part of a reply without a JSON form fails on quickjs", async () => {
  const { replies } = await runBundle(PARTS, "quickjs");
  assert.match(replies[0].reported, /^TypeError: the property `user` of the reply is a promise/);
  assert.match(replies[1].reported, /^TypeError: the property `tags` of the reply is of type `Set`/);
  assert.deepEqual([replies[2].status, replies[2].body], [200, '{"a":{},"text":"{}"}']);
});

test("a part of a reply without a JSON form fails, and empty objects and texts do not", async () => {
  const refused = [
    [
      { user: Promise.resolve(1) },
      /^TypeError: the property `user` of the reply is a promise; await it before/,
    ],
    [
      { a: [{ tags: new Set([1]) }] },
      /^TypeError: the property `tags` of the reply is of type `Set`, which has no/,
    ],
    [
      [new Map()],
      /^TypeError: the property `0` of the reply is of type `Map`, which has no JSON form; give a plain/,
    ],
  ];
  for (const [value, message] of refused)
    assert.match((await replyOf(() => value)).failure?.message, message);
  const given = [
    { a: {}, b: [{}, []] },
    { text: "{}" },
    { at: { toJSON: () => ({}) } },
    [{}],
    { c: new (class A {})() },
  ];
  for (const value of given) {
    const reply = await replyOf(() => value);
    assert.deepEqual([reply.status, reply.text()], [200, JSON.stringify(value)]);
  }
});

test("objects that JSON.stringify does not empty become JSON", async () => {
  class User {
    name = "Ann";
  }
  class Tagged {
    a = 1;
    get [Symbol.toStringTag]() {
      return "Tagged";
    }
  }
  const cases = [
    [new User(), '{"name":"Ann"}'],
    [new Tagged(), '{"a":1}'],
    [Object.create(null), "{}"],
    [Object.assign(new Map(), { toJSON: () => [1] }), "[1]"],
    [new URL("http://a.example/"), '"http://a.example/"'],
    [{ constructor: 1 }, '{"constructor":1}'],
    [{ next: 1 }, '{"next":1}'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [new HttpError(404, "no"), '{"type":"about:blank","title":"Not Found","status":404,"detail":"no"}'],
  ];
  for (const [value, text] of cases) {
    const reply = await replyOf(() => value);
    assert.deepEqual([reply.failure, reply.text()], [undefined, text]);
  }
});

test("a header's value is a string or a number", async () => {
  for (const value of [undefined, null, {}, Symbol("s"), () => 1, ["a", null]]) {
    const message = /^TypeError: the reply's header `x-a` has the value .*; give a string or a number$/;
    const reply = await replyOf(() => new Reply("", { headers: { "x-a": value } }));
    assert.match(reply.failure.message, message);
    for (const method of ["set", "append"]) {
      if (Array.isArray(value)) continue;
      const app = new Spikard().onResponse(({ headers }) => headers[method]("x-a", value)).get("/", () => "");
      assert.match((await new TestClient(app).get("/")).failure.message, message);
    }
  }
  for (const headers of [
    { "x-a": 1 },
    [["x-a", "1"]],
    new Headers({ "x-a": "1" }),
    new Map([["x-a", "1"]]),
  ]) {
    assert.deepEqual((await replyOf(() => new Reply("", { headers }))).headers, [["x-a", "1"]]);
  }
});

test("headers that an earlier reply had are checked again if a value has no text", async () => {
  let headers = { "x-a": "1" };
  const client = new TestClient(new Spikard().get("/", () => new Reply("", { headers })));
  assert.deepEqual((await client.get("/")).headers, [["x-a", "1"]]);
  for (const [name, value] of [
    ["undefined", undefined],
    ["type `function`", () => 1],
  ]) {
    headers = { "x-a": "1", "x-b": value };
    const { failure } = await client.get("/");
    assert.match(failure?.message ?? "", /the reply's header `x-b` has the value/, name);
  }
  headers = Object.assign(Object.create({ "x-b": "2" }), { "x-a": "1" });
  assert.deepEqual((await client.get("/")).headers, [["x-a", "1"]]);
  headers[Symbol.iterator] = function* () {
    yield ["x-c", "3"];
  };
  assert.deepEqual((await client.get("/")).headers, [["x-c", "3"]]);
});

test("replies with more different headers than the SDK keeps", async () => {
  let number = 0;
  const app = new Spikard().get("/", () => new Reply("", { headers: { "x-number": String(number) } }));
  const client = new TestClient(app);
  for (number = 0; number < 200; number++) {
    assert.deepEqual((await client.get("/")).headers, [["x-number", String(number)]]);
  }
});

test("a byte order mark is not part of a text body", async () => {
  const app = new Spikard().post("/", ({ body }) => body);
  for (const [text, expected] of [
    ["\ufeffx", "x"],
    ["x\ufeff", "x\ufeff"],
    ["\ufeff", ""],
  ]) {
    assert.deepEqual(
      (await new TestClient(app).post("/", { text })).bytes(),
      new TextEncoder().encode(expected),
    );
  }
});

const CONSOLE = `
import { Spikard } from "@spikard/wasm";
const app = new Spikard();
app.get("/", () => {
  console.assert(true, "not said");
  console.assert(false, "said", 1);
  console.assert();
  console.assert(0, { a: 1 });
  console.count(); console.count(); console.count("x"); console.countReset(); console.count(); console.countReset("none");
  console.group("outer"); console.log("in\\nner"); console.groupCollapsed(); console.info("deep"); console.groupEnd(); console.groupEnd(); console.groupEnd();
  console.dir({ a: 1 }, { depth: 0 }); console.dirxml(1, 2); console.table([1]);
  console.time("t"); console.time("t"); console.timeLog("t", "more"); console.timeEnd("t"); console.timeEnd("t");
  console.trace("here");
  console.timeStamp("a"); console.clear();
  for (let i = 0; i < 5000; i++) console.time("label " + i);
  console.log(Object.create(null), { toJSON() {} });
  const bad = new Error("x"); Object.defineProperty(bad, "stack", { get() { throw 1; } });
  console.debug(bad);
  return Object.getOwnPropertyNames(console).length;
});
export const { definition, handler, hooks } = app.component();
`;

test("console has the functions of the Console standard, on quickjs", async () => {
  const { replies, output, errors } = await runBundle(CONSOLE, "quickjs");
  assert.deepEqual([replies[0].status, replies[0].body], [200, "20"]);
  assert.deepEqual(
    output
      .replace(/[\d.]+ms/g, "0ms")
      .replace(/app\.js:\d+:\d+/g, "app.js:0:0")
      .split("\n"),
    [
      "default: 1",
      "default: 2",
      "x: 1",
      "default: 1",
      "outer",
      "  in",
      "  ner",
      "    deep",
      "{ a: 1 }",
      "1 2",
      "┌─────────┬────────┐",
      "│ (index) │ Values │",
      "├─────────┼────────┤",
      "│ 0       │ 1      │",
      "└─────────┴────────┘",
      "t: 0ms more",
      "t: 0ms",
      "Trace: here",
      "    at <anonymous> (app.js:0:0)",
      "[Object: null prototype] {} { toJSON: [Function: toJSON] }",
      "[Error: x]",
      "",
    ],
  );
  assert.match(
    errors,
    /^Assertion failed: said 1\nAssertion failed\nAssertion failed \{ a: 1 \}\ncounter `none` does not exist; [^\n]*\ntimer `t` already exists; [^\n]*\ntimer `t` does not exist; [^\n]*\n$/,
  );
});

test("an UploadFile that the app creates itself has no bytes", async () => {
  const reply = await replyOf(() => new UploadFile(1.5, "a", undefined, 0).bytes());
  assert.match(reply.failure.message, /^Error: the request has no file `a`; use the files of its form$/);
});
