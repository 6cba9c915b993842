/** The functions that replace generated ones in components on StarlingMonkey. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withOwnExports } from "../dist/build/glue.js";

const GENERATED = [
  "before();",
  ...[
    "handler_0_1_0$handle",
    "resumable_0_1_0$resume",
    ...["onRequest", "preValidation", "preHandler", "onResponse", "onError"].map(
      (name) => `hooks_0_1_0$${name}`,
    ),
  ].map((name) => `async function export_${name}(a) {\n  body();\n}\n`),
  "after();",
  "",
].join("\n");

/** A memory whose buffer is replaced when it grows, as in WebAssembly, with the functions that `handle` calls. */
function instance(handler) {
  const memory = { buffer: new ArrayBuffer(64) };
  let used = 32;
  const realloc = (_, __, ___, size) => {
    const start = used;
    used += size;
    if (used > memory.buffer.byteLength)
      memory.buffer = memory.buffer.transfer?.(used + 8) ?? copy(memory.buffer, used + 8);
    return start;
  };
  const freed = [];
  const source = withOwnExports(GENERATED.replace("before();", "").replace("after();", ""));
  const make = new Function(
    "$memory, $realloc, $dealloc, TEXT_DECODER_UTF8, TEXT_ENCODER_UTF8, toUint16, handler010Handle",
    `${source}\nreturn export_handler_0_1_0$handle;`,
  );
  const handle = make(
    memory,
    realloc,
    (start, size) => freed.push([start, size]),
    new TextDecoder(),
    new TextEncoder(),
    (value) => (value >>> 0) % 2 ** 16,
    handler,
  );
  const put = (bytes) => {
    const start = realloc(0, 0, 1, bytes.length);
    new Uint8Array(memory.buffer, start, bytes.length).set(bytes);
    return [start, bytes.length];
  };
  const read = (at) => {
    const view = new DataView(memory.buffer);
    return new Uint8Array(memory.buffer, view.getUint32(at, true), view.getUint32(at + 4, true)).slice();
  };
  const reply = () => {
    const view = new DataView(memory.buffer);
    const tag = view.getUint8(12);
    return [view.getUint16(0, true), read(4), tag, tag === 0 ? undefined : read(16)];
  };
  return { handle, put, reply, freed };
}

function copy(buffer, size) {
  const larger = new ArrayBuffer(size);
  new Uint8Array(larger).set(new Uint8Array(buffer));
  return larger;
}

const utf8 = (text) => new TextEncoder().encode(text);

test("only functions that the glue has are replaced", () => {
  const text = withOwnExports(GENERATED);
  assert.ok(text.startsWith("before();\n") && text.includes("\nafter();\n"));
  assert.doesNotMatch(text, /body\(\)/);
  assert.throws(
    () => withOwnExports("function handle() {}"),
    /^Error: componentize-js generated bindings without `handler_0_1_0\$handle`/,
  );
});

test("texts of every length and kind reach the host in UTF-8", async () => {
  const texts = [
    "",
    "a",
    "grüß",
    "\u{1f600}",
    "\ud800x",
    "€".repeat(1365),
    "€".repeat(1366),
    "x".repeat(4097),
    "ü".repeat(9000),
  ];
  for (const [tag, kind] of [
    [1, "json"],
    [2, "text"],
  ]) {
    for (const text of texts) {
      for (const late of [false, true]) {
        const value = [201, text, { tag: kind, val: text }];
        const { handle, reply } = instance(() => (late ? Promise.resolve(value) : value));
        await handle(0, 0, 0, 0, 0, 0, 0);
        assert.deepEqual(reply(), [201, utf8(text), tag, utf8(text)]);
      }
    }
  }
});

test("arguments are read and freed, and a list of bytes is copied", async () => {
  for (const [tag, name] of ["empty", "json", "text", "form", "bytes"].entries()) {
    let seen;
    const { handle, put, reply, freed } = instance((...values) => {
      seen = values;
      return [200, "", values[2].tag === "bytes" ? values[2] : { tag: "empty" }];
    });
    const params = put(utf8('{"a":"ü"}'));
    const body = tag === 0 ? [0, 0] : put(utf8("bödy"));
    await handle(7, ...params, tag, ...body, 0);
    const val = tag === 4 ? utf8("bödy") : "bödy";
    assert.deepEqual(seen, [7, '{"a":"ü"}', tag === 0 ? { tag: name } : { tag: name, val }]);
    assert.deepEqual(freed, tag === 0 ? [params] : [params, body]);
    assert.deepEqual(reply(), tag === 4 ? [200, utf8(""), 3, utf8("bödy")] : [200, utf8(""), 0, undefined]);
  }
});

test("every kind of bytes reaches the host", async () => {
  const buffer = Uint8Array.of(9, 1, 2, 3, 9).buffer;
  for (const val of [
    [1, 2, 3],
    Uint8Array.of(1, 2, 3),
    new Uint8Array(buffer, 1, 3),
    new DataView(buffer, 1, 3),
    buffer.slice(1, 4),
  ]) {
    const { handle, reply } = instance(() => [200, "", { tag: "bytes", val }]);
    await handle(0, 0, 0, 0, 0, 0, 0);
    assert.deepEqual(reply()[3], Uint8Array.of(1, 2, 3));
  }
});

test("an error of the handler or of the reply rejects the promise", async () => {
  const throws = () => {
    throw new Error("no");
  };
  for (const handler of [
    throws,
    async () => throws(),
    () => [200, 5, { tag: "empty" }],
    () => [200, "", { tag: "yaml" }],
    () => undefined,
  ]) {
    const { handle } = instance(handler);
    await assert.rejects(handle(0, 0, 0, 0, 0, 0, 0));
  }
});
