/** Long texts cross as bytes on an engine that asks for it, and clients see no difference. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { shortening } from "../dist/shorten.js";

const LONG = "é".repeat(300);
const encode = (text) => new TextEncoder().encode(text);
const of = (reply) => shortening(() => reply, encode)(0, "", { tag: "empty" });

test("a long text is bytes with its content type", () => {
  const [status, headers, content] = of([201, "", { tag: "json", val: LONG }]);
  assert.equal(status, 201);
  assert.deepEqual(JSON.parse(headers), [["content-type", "application/json"]]);
  assert.equal(content.tag, "bytes");
  assert.equal(new TextDecoder().decode(content.val), LONG);
});

test("a content type of the handler's stays", () => {
  const own = JSON.stringify([["Content-Type", "text/html"]]);
  assert.equal(of([200, own, { tag: "text", val: LONG }])[1], own);
  const other = JSON.parse(of([200, '[["a","b"]]', { tag: "text", val: LONG }])[1]);
  assert.deepEqual(other, [
    ["a", "b"],
    ["content-type", "text/plain; charset=utf-8"],
  ]);
});

test("what is short, or no text, stays as it is", async () => {
  const short = [200, "", { tag: "json", val: "{}" }];
  assert.equal(of(short), short);
  const bytes = [200, "", { tag: "bytes", val: new Uint8Array(1000) }];
  assert.equal(of(bytes), bytes);
  const late = await of(Promise.resolve([200, "", { tag: "text", val: LONG }]));
  assert.equal(late[2].tag, "bytes");
});

test("an engine that does not ask for it keeps its handle", () => {
  const handle = () => [200, "", { tag: "empty" }];
  assert.equal(shortening(handle, undefined), handle);
});
