/** Runs the cases of `host/tests/contract/cases`, which also run against the host, with the test client. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Spikard } from "@spikard/wasm";
import { TestClient } from "@spikard/wasm/testing";

const ROOT = new URL("../../../", import.meta.url);
const CASES = new URL("host/tests/contract/cases/", ROOT);
const APPS = {
  contract: () => example("examples/contract-js"),
  faulty: () => example("guests/conformance/faulty/js"),
  target: () => example("examples/spikard-target/js"),
  slashes: async () =>
    new Spikard({ name: "slashes", trailingSlash: "redirect" })
      .get("/a", () => "fine")
      .post("/items/{id}", () => "fine")
      .get("/folder/", () => "fine"),
};

const files = readdirSync(CASES)
  .filter((name) => name.endsWith(".json"))
  .sort()
  .map((name) => [name, JSON.parse(readFileSync(new URL(name, CASES), "utf8"))]);

/** Loads an example app. Its module exports the parts that `app.component()` returns. */
async function example(folder) {
  const component = await import(new URL(`${folder}/src/app.js`, ROOT));
  return { component: () => component };
}

for (const [name, { app, secrets, cases }] of files) {
  test(`the client replies like the host: ${name}`, async () => {
    const client = new TestClient(await APPS[app](), { secrets });
    let ran = 0;
    const failed = [];
    for (const { name, request, reply } of cases) {
      const got = await client.request(request.method, request.target, options(request));
      ran += 1;
      try {
        check(`${app}-js`, reply, got);
      } catch (error) {
        failed.push(`${name}: ${error.message} ${got.status} ${got.text()}`);
      }
    }
    assert.ok(ran > 0 && ran === cases.length, `only ${ran} cases ran`);
    assert.deepEqual(failed, []);
  });
}

test("every app has cases", () => {
  assert.deepEqual(new Set(files.map(([, { app }]) => app)), new Set(Object.keys(APPS)));
});

function options({ headers = [], body }) {
  const fields = {};
  const add = (name, value) => {
    fields[name.toLowerCase()] = [...(fields[name.toLowerCase()] ?? []), value];
  };
  for (const [name, value] of headers) add(name, value);
  if (body?.type !== undefined) add("content-type", body.type);
  if (body === undefined) return { headers: fields };
  if (body.parts !== undefined) return { headers: fields, form: form(body.parts) };
  if (body.json !== undefined) return { headers: fields, json: body.json };
  return { headers: fields, bytes: data(body) };
}

function form(parts) {
  const values = {};
  for (const part of parts) {
    const { name, filename, type: contentType } = part;
    const value = filename === undefined ? part.text : { filename, contentType, bytes: data(part) };
    values[name] = [...(values[name] ?? []), value];
  }
  return values;
}

function data({ text, base64, repeat, times }) {
  if (base64 !== undefined) return new Uint8Array(Buffer.from(base64, "base64"));
  return new TextEncoder().encode(text ?? repeat.repeat(times));
}

function check(app, expected, got) {
  assert.equal(got.status, expected.status);
  for (const [name, wanted] of Object.entries(expected.headers ?? {})) {
    const values = wanted === null ? [] : [wanted].flat().map((value) => value.replace("{app}", app));
    const set = got.headers.filter(([key]) => key === name).map(([, value]) => value);
    const fallback = name === "content-type" ? got.header(name) : undefined;
    assert.deepEqual(set.length > 0 || fallback === undefined ? set : [fallback], values, name);
  }
  if (expected.json !== undefined) {
    const value = got.json();
    for (const name of expected.ignore ?? []) delete value[name];
    assert.deepEqual(value, expected.json);
  } else if (expected.text !== undefined) {
    assert.equal(got.text(), expected.text);
  } else if (expected.base64 !== undefined) {
    assert.equal(Buffer.from(got.bytes()).toString("base64"), expected.base64);
  } else if (expected.length !== undefined) {
    assert.equal(got.bytes().length, expected.length);
  } else {
    assert.ok(expected.unchecked, "the case expects nothing of the body");
  }
}
