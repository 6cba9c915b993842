/** Long texts cross as bytes on engines that need it, and clients get the same reply. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { shortening } from "../dist/shorten.js";

const LONG = "é".repeat(300);
const encode = (text) => new TextEncoder().encode(text);
const of = (reply) => shortening(() => reply, encode)(0, "", { tag: "empty" });

test("a long text becomes bytes with its content type", () => {
  const [status, headers, content] = of([201, "", { tag: "json", val: LONG }]);
  assert.equal(status, 201);
  assert.deepEqual(JSON.parse(headers), [["content-type", "application/json"]]);
  assert.equal(content.tag, "bytes");
  assert.equal(new TextDecoder().decode(content.val), LONG);
});

test("the handler's content type does not change", () => {
  const own = JSON.stringify([["Content-Type", "text/html"]]);
  assert.equal(of([200, own, { tag: "text", val: LONG }])[1], own);
  const other = JSON.parse(of([200, '[["a","b"]]', { tag: "text", val: LONG }])[1]);
  assert.deepEqual(other, [
    ["a", "b"],
    ["content-type", "text/plain; charset=utf-8"],
  ]);
});

test("a short text or another body does not change", async () => {
  const short = [200, "", { tag: "json", val: "{}" }];
  assert.equal(of(short), short);
  const bytes = [200, "", { tag: "bytes", val: new Uint8Array(1000) }];
  assert.equal(of(bytes), bytes);
  const late = await of(Promise.resolve([200, "", { tag: "text", val: LONG }]));
  assert.equal(late[2].tag, "bytes");
});

test("an engine without `encode` keeps its `handle`", () => {
  const handle = () => [200, "", { tag: "empty" }];
  assert.equal(shortening(handle, undefined), handle);
});
