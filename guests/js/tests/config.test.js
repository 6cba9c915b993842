/** Declared settings: in the test client, and in components on both engines. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Spikard } from "@spikard/wasm";
import { TestClient } from "@spikard/wasm/testing";
import { z } from "zod";
import { runBundle } from "./run-bundle.js";

const CONFIG = {
  greeting: { type: "string", default: "Hi" },
  pageSize: { type: "integer", minimum: 1 },
  ratio: { type: "number", default: 0.5 },
  strict: { type: "boolean", required: false },
};

const shop = (options) => new Spikard({ config: CONFIG, ...options });
const settingsOf = (app) => JSON.parse(app.component().definition.describe().settings);

test("the settings are declared as the schema of an object", () => {
  const { required: _, ...strict } = CONFIG.strict;
  assert.deepEqual(settingsOf(shop({ secrets: ["jwt"] })), {
    secrets: ["jwt"],
    config: { type: "object", properties: { ...CONFIG, strict }, required: ["pageSize"] },
  });
  const { config } = settingsOf(
    new Spikard({ config: z.object({ a: z.string().default("x"), b: z.int() }) }),
  );
  assert.deepEqual([Object.keys(config.properties), config.required], [["a", "b"], ["b"]]);
  assert.throws(() => new Spikard({ config: { list: { type: "array" } } }), {
    message: "the setting `list` has the type `array`; give string, integer, number or boolean",
  });
});

test("the app gets the values with their types", async () => {
  const app = shop();
  app.get("/", () => ({ ...app.config }));
  const first = new TestClient(app, { config: { pageSize: "20" } });
  assert.deepEqual((await first.get("/")).json(), { greeting: "Hi", pageSize: 20, ratio: 0.5 });
  const second = new TestClient(app, { config: { pageSize: 5, greeting: "Yo", strict: true, ratio: "2" } });
  assert.deepEqual((await second.get("/")).json(), { greeting: "Yo", pageSize: 5, ratio: 2, strict: true });
});

test("the client checks the values as the host does", () => {
  const client = (options) => () =>
    new TestClient(
      shop({ secrets: ["jwt"] }).get("/", () => ""),
      options,
    );
  const secrets = { jwt: "x" };
  assert.throws(client({}), {
    name: "TypeError",
    message:
      "the app needs the setting `pageSize`; pass it to the client in `config`; " +
      "the app needs the secret `jwt`; pass it to the client in `secrets`",
  });
  assert.throws(
    client({ secrets, config: { pageSize: 0 } }),
    /^TypeError: the setting `pageSize` is `0`: .*\b1\b/,
  );
  assert.throws(
    client({ secrets, config: { pageSize: "many" } }),
    /^TypeError: the setting `pageSize` is `many`: /,
  );
  client({ secrets, config: { pageSize: 1 } })();
});

test("the settings cannot be read at the top level", () => {
  assert.throws(() => shop().config.greeting, /`config.get` was used at the top level of a module/);
});

for (const engine of ["quickjs", "starlingmonkey"]) {
  test(`the settings of a component on ${engine}`, async () => {
    const app = `
import { Spikard } from "@spikard/wasm";
const app = new Spikard({ config: ${JSON.stringify(CONFIG)} });
const read = () => ({ ...app.config });
app.get("/a", read).get("/b", read);
export const { definition, handler, hooks } = app.component();
`;
    const kinds = `
let reads = 0;
export default {
  "config.get": ({ name }) => {
    reads += 1;
    if (reads > 4) throw new Error("a setting is read twice");
    const text = { greeting: "Yo", pageSize: "20", ratio: "0.5" }[name];
    return text === undefined ? { status: 404 } : { text };
  },
};
`;
    const { replies } = await runBundle(app, engine, null, kinds);
    for (const { body } of replies)
      assert.deepEqual(JSON.parse(body), { greeting: "Yo", pageSize: 20, ratio: 0.5 });
  });
}
