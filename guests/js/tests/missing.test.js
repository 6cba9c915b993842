/** The Web APIs that the SDK adds to StarlingMonkey behave like those of Node.js. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { format as formatInNode } from "node:util";
import { format, installConsole } from "../dist/engine/console.js";
import {
  abortMembers,
  setterOf,
  symmetricOnly,
  values,
  withDomException,
  withOptionalInit,
} from "../dist/engine/missing.js";
import { TextDecoderStream, TextEncoderStream } from "../dist/engine/text-streams.js";

test("AbortSignal.abort and any keep the reason", () => {
  const { abort, any } = abortMembers;
  assert.deepEqual([abort().reason.name, abort(7).reason], ["AbortError", 7]);
  const [first, second] = [new AbortController(), new AbortController()];
  const signal = any(new Set([first.signal, any([second.signal])]));
  assert.equal(signal.aborted, false);
  second.abort("why");
  first.abort("later");
  assert.deepEqual([signal.aborted, signal.reason], [true, "why"]);
  assert.equal(any([new AbortController().signal, abort(null)]).reason, null);
  assert.equal(any([]).aborted, false);
  assert.throws(() => any([{}]), TypeError);
});

test("importKey passes only symmetric keys to the engine", async () => {
  const importKey = symmetricOnly(async (...values) => values);
  assert.deepEqual(await importKey("raw", 1, { name: "HMAC", hash: "SHA-256" }, true, ["sign"]), [
    "raw",
    1,
    { name: "HMAC", hash: "SHA-256" },
    true,
    ["sign"],
  ]);
  assert.equal((await importKey("raw", 1, "HKDF", true, []))[2], "HKDF");
  for (const algorithm of ["ECDSA", { name: "rsa-pss" }, { name: "RSASSA-PKCS1-v1_5" }, "Ed25519", "X25519"])
    await assert.rejects(importKey("jwk", {}, algorithm, true, []), { name: "NotSupportedError" });
  let reads = 0;
  const changing = {
    get name() {
      return reads++ === 0 ? "HMAC" : "ECDSA";
    },
  };
  assert.deepEqual((await importKey("raw", 1, changing, true, []))[2], { name: "HMAC" });
});

test("CustomEvent needs no second argument", () => {
  /** A class as strict as the engine's. */
  class Strict extends Event {
    constructor(...args) {
      if (args.length < 2) throw new TypeError(`${args.length} arguments`);
      super(...args);
      this.detail = args[1].detail;
    }
  }
  const CustomEvent = withOptionalInit(Strict);
  class Derived extends CustomEvent {}
  assert.equal(new CustomEvent("x").detail, null);
  assert.equal(new CustomEvent("x", { bubbles: true }).bubbles, true);
  assert.equal(new CustomEvent("x", { detail: 0 }).detail, 0);
  assert.ok(new Derived("x") instanceof Derived);
  assert.throws(() => new CustomEvent(), TypeError);
});

test("streams can be iterated", async () => {
  const state = [];
  const stream = () =>
    new ReadableStream({
      start(controller) {
        for (const chunk of [1, 2, 3]) controller.enqueue(chunk);
        controller.close();
      },
      cancel: (reason) => state.push(["cancelled", reason]),
    });
  const read = async (iterable, limit) => {
    const list = [];
    for await (const chunk of iterable) if (list.push(chunk) === limit) break;
    return list;
  };
  const [all, some, kept] = [stream(), stream(), stream()];
  assert.deepEqual(await read(values.call(all)), [1, 2, 3]);
  assert.deepEqual(await read(values.call(some), 2), [1, 2]);
  assert.deepEqual(state, [["cancelled", undefined]]);
  assert.deepEqual(await read(values.call(kept, { preventCancel: true }), 1), [1]);
  assert.deepEqual(await read(kept), [2, 3]);
  assert.deepEqual([all.locked, some.locked], [false, false]);
  const broken = new ReadableStream({ start: (controller) => controller.error(new RangeError("x")) });
  const iterator = values.call(broken);
  assert.throws(() => values.call(broken), TypeError);
  await assert.rejects(iterator.next(), RangeError);
  assert.deepEqual([await iterator.next(), broken.locked], [{ done: true, value: undefined }, false]);
});

test("streams of text", async () => {
  const utf8 = (text) => new TextEncoder().encode(text);
  const run = async (chunks, stream) => {
    const list = [];
    for await (const chunk of ReadableStream.from(chunks).pipeThrough(stream)) list.push(chunk);
    return list;
  };
  const bytes = utf8("\ufeffé😀x");
  const parts = [bytes.slice(0, 4), bytes.slice(4, 7), bytes.slice(7)];
  const texts = ["a\ud83d", "\ude00", "", 5, "\ud800"];
  for (const [type, input, ...args] of [
    [TextEncoderStream, texts],
    [TextDecoderStream, parts],
    [TextDecoderStream, [Uint8Array.of(0xff)]],
    [TextDecoderStream, [Uint8Array.of(97, 0, 98)], "utf-16le", { ignoreBOM: true }],
  ]) {
    const { name } = type;
    const streams = [new type(...args), new globalThis[name](...args)];
    const [actual, expected] = await Promise.all(streams.map((stream) => run(input, stream)));
    assert.deepEqual(actual, expected, name);
    for (const member of ["encoding", "fatal", "ignoreBOM"])
      assert.equal(streams[0][member], streams[1][member], member);
  }
  const fatal = new TextDecoderStream("utf-8", { fatal: true });
  await assert.rejects(run([Uint8Array.of(0xff)], fatal), TypeError);
});

test("atob and btoa throw the errors of the standard", () => {
  const strict = (text) => {
    if (text !== "a") throw new RangeError("String contains an invalid character");
    return "b";
  };
  const convert = withDomException(strict);
  assert.equal(convert("a"), "b");
  assert.throws(() => convert("€"), { name: "InvalidCharacterError", code: 5 });
  assert.throws(() => convert(), TypeError);
});

test("FormData.set leaves one entry of a name", () => {
  /** As in the engine: only the first entry changes. */
  function set(name, value) {
    const entries = [...this];
    const at = entries.findIndex(([other]) => other === name);
    if (at < 0) return this.append(name, value);
    for (const [other] of entries) this.delete(other);
    for (const [index, [other, old]] of entries.entries()) this.append(other, index === at ? value : old);
  }
  const form = new FormData();
  for (const [name, value] of ["a1", "b2", "a3", "b4"]) form.append(name, value);
  setterOf(set).call(form, "a", "5");
  setterOf(set).call(form, "c", "6");
  assert.deepEqual(
    [...form],
    [
      ["a", "5"],
      ["b", "2"],
      ["b", "4"],
      ["c", "6"],
    ],
  );
});

test("console replaces specifiers and reports failed assertions", () => {
  for (const values of [
    ["%s %d %i %f %j %% %c|%x", "a", "4.5", 4.7, "1.5", { a: 1 }, "color: red", "rest"],
    ["%s %s %d %i", null, 5n, 5n, 5n],
    ["%d %i %f", {}, Symbol("s"), Symbol("s")],
    ["%s %s", "one"],
    ["100%", "x"],
    ["%%"],
    [],
  ])
    assert.equal(format(values).join(" "), formatInNode(...values));
  const circular = {};
  circular.self = circular;
  assert.deepEqual(format(["%o|%s", circular, new RangeError("x")]), ["[Circular]|RangeError: x"]);
  assert.deepEqual(format([{ a: 1 }, "%s"]), [{ a: 1 }, "%s"]);

  const saved = { ...console };
  const lines = [];
  try {
    console.log = (...values) => lines.push(values);
    console.error = (...values) => lines.push(values);
    installConsole();
    console.log("%s!", "a", "b");
    console.assert(true, "no");
    console.assert(false, "why %s", 1);
    console.assert(false, { a: 1 });
  } finally {
    Object.assign(console, saved);
  }
  assert.deepEqual(lines, [["a!", "b"], ["Assertion failed: why 1"], ["Assertion failed", { a: 1 }]]);
});
