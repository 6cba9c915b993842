/** The description of an app for the host. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Spikard } from "@spikard/wasm";
import { z } from "zod";

const describe = (app) => app.component().definition.describe();
const handler = () => "";
/** The range of safe integers in JavaScript. */
const SAFE = { minimum: -Number.MAX_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER };

test("an app has a name, a version and settings", () => {
  assert.deepEqual(describe(new Spikard()), { name: "app", version: "0.0.0", settings: "", routes: [] });
  const described = describe(new Spikard({ name: "x", version: "1.2.3", bodyLimit: 10, timeoutMs: 20 }));
  assert.deepEqual(described, {
    name: "x",
    version: "1.2.3",
    settings: '{"body_limit":10,"timeout_ms":20}',
    routes: [],
  });
});

test("a route without declarations has empty documents", () => {
  const [route] = describe(new Spikard().get("/a/{b}", handler)).routes;
  assert.deepEqual(route, {
    method: "get",
    path: "/a/{b}",
    name: "handler",
    parameters: "",
    body: "",
    replies: "",
    settings: "",
  });
});

test("a route's declarations become OpenAPI 3.1 documents", () => {
  const schema = { type: "object", properties: { a: { type: "string" } } };
  const app = new Spikard().post(
    "/a/{id}",
    {
      path: { id: { type: "integer" } },
      query: { page: { type: "integer", default: 1 }, q: { type: "string", required: true } },
      headers: { "X-Api-Key": { type: "string" } },
      cookies: { session: { type: "string" } },
      body: schema,
      status: 201,
      name: "create",
      summary: "s",
      description: "d",
      tags: ["t"],
      bodyLimit: 1,
      timeoutMs: 2,
      rawBody: false,
    },
    handler,
  );
  const [route] = describe(app).routes;
  assert.equal(route.name, "create");
  assert.deepEqual(JSON.parse(route.parameters), [
    { name: "id", in: "path", required: true, schema: { type: "integer", ...SAFE } },
    { name: "page", in: "query", required: false, schema: { type: "integer", default: 1, ...SAFE } },
    { name: "q", in: "query", required: true, schema: { type: "string" } },
    { name: "X-Api-Key", in: "header", required: false, schema: { type: "string" }, key: "x_api_key" },
    { name: "session", in: "cookie", required: false, schema: { type: "string" } },
  ]);
  assert.deepEqual(JSON.parse(route.body), { required: true, content: { "application/json": { schema } } });
  assert.deepEqual(JSON.parse(route.replies), { 201: { description: "Created" } });
  assert.deepEqual(JSON.parse(route.settings), {
    body_limit: 1,
    timeout_ms: 2,
    raw_body: false,
    summary: "s",
    description: "d",
    tags: ["t"],
  });
});

test("forms", () => {
  const schema = { type: "object" };
  const types = (options) => {
    const { required, content } = JSON.parse(
      describe(new Spikard().post("/", options, handler)).routes[0].body,
    );
    return [required, Object.keys(content)];
  };
  assert.deepEqual(types({ form: schema }), [
    true,
    ["application/x-www-form-urlencoded", "multipart/form-data"],
  ]);
  assert.deepEqual(types({ multipart: schema, bodyRequired: false }), [false, ["multipart/form-data"]]);
});

test("Zod schemas work for bodies and parameters", () => {
  const app = new Spikard().post(
    "/",
    {
      query: z.object({ q: z.string(), page: z.int().optional(), limit: z.int().default(20) }),
      body: z.object({ name: z.string().min(1), tags: z.array(z.string()).optional() }),
    },
    handler,
  );
  const [route] = describe(app).routes;
  const parameters = JSON.parse(route.parameters);
  assert.deepEqual(
    parameters.map(({ name, required, schema }) => [name, required, schema.type, schema.default]),
    [
      ["q", true, "string", undefined],
      ["page", false, "integer", undefined],
      ["limit", false, "integer", 20],
    ],
  );
  const { schema } = JSON.parse(route.body).content["application/json"];
  assert.deepEqual(schema.required, ["name"]);
  assert.deepEqual(schema.properties.name, { type: "string", minLength: 1 });
});

test("an object with toJSONSchema works as a schema", () => {
  const source = { toJSONSchema: () => ({ type: "object", properties: { a: {} }, required: ["a"] }) };
  const [route] = describe(new Spikard().post("/", { query: source, body: source }, handler)).routes;
  assert.deepEqual(JSON.parse(route.parameters), [{ name: "a", in: "query", required: true, schema: {} }]);
  assert.equal(JSON.parse(route.body).content["application/json"].schema.type, "object");
});

test("a definition error is one sentence that names the route and the value", () => {
  const mistakes = [
    [(app) => app.get("/", undefined), "route `GET /` has no handler: give a function"],
    [
      (app) => app.get("/", { querry: {} }, handler),
      /^route `GET \/` has no option `querry`; the options are path, query, /,
    ],
    [
      (app) => app.get("/", { status: 99 }, handler),
      "route `GET /` has status `99`: give one from 200 to 599",
    ],
    [
      (app) => app.get("/{id}", { query: { id: {} } }, handler),
      "route `GET /{id}` declares two parameters `id`: rename one",
    ],
    [
      (app) => app.get("/", { query: { a_b: {} }, headers: { "a-b": {} } }, handler),
      "route `GET /` declares two parameters `a_b`: rename one",
    ],
    [
      (app) => app.get("/", { path: { id: {} } }, handler),
      "route `GET /` declares the path parameter `id`, which its path does not have",
    ],
    [
      (app) => app.get("/", { query: { a: "integer" } }, handler),
      "the query parameter `a` of route `GET /` is `integer`, which is not a schema: give a JSON Schema object",
    ],
    [
      (app) => app.get("/", { query: "a" }, handler),
      "the query option of route `GET /` is `a`: give an object of schemas",
    ],
    [
      (app) => app.get("/", { query: { a: z.string() } }, handler),
      "the query parameter `a` of route `GET /` is a schema of a library: give one schema of an object with all query parameters",
    ],
    [
      (app) => app.get("/", { query: z.string() }, handler),
      /is not the schema of an object with properties$/,
    ],
    [
      (app) => app.post("/", { body: {}, form: {} }, handler),
      "route `POST /` has both `body` and `form`: give one of them",
    ],
    [
      (app) =>
        app.post("/", { body: { "~standard": { version: 1, vendor: "acme", validate() {} } } }, handler),
      "the body option of route `POST /` is a schema of `acme`, which does not offer JSON Schema: convert it first",
    ],
  ];
  for (const [define, sentence] of mistakes) {
    const app = new Spikard();
    define(app);
    assert.throws(
      () => describe(app),
      (thrown) => {
        assert.equal(typeof thrown, "string");
        if (typeof sentence === "string") assert.equal(thrown, sentence);
        else assert.match(thrown, sentence);
        return true;
      },
    );
  }
  const app = new Spikard({ nam: "x" });
  assert.throws(
    () => describe(app),
    (thrown) =>
      /^the app has no option `nam`; the options are name, version, config, bodyLimit, /.test(thrown),
  );
});

test("integers of a request are limited to the safe range", () => {
  const integer = { type: "integer" };
  const safe = { type: "integer", ...SAFE };
  const body = {
    type: "object",
    properties: {
      a: integer,
      list: { type: "array", items: { type: ["integer", "null"] }, prefixItems: [integer] },
      some: { anyOf: [integer, { type: "string" }], oneOf: [integer], allOf: [{ $ref: "#/$defs/own" }] },
      // The range does not apply to floating-point numbers.
      number: { type: "number" },
      either: { type: ["integer", "number"] },
      small: { type: "integer", minimum: 1, maximum: 5 },
      wide: { type: "integer", format: "int64", minimum: -(2 ** 63), maximum: 2 ** 63 },
      // These values look like schemas but are not.
      literal: { const: { type: "integer" }, enum: [{ type: "integer" }], default: { type: "integer" } },
    },
    additionalProperties: integer,
    $defs: { own: { type: "object", patternProperties: { "^x": integer }, additionalProperties: false } },
  };
  const before = structuredClone(body);
  const options = { body, query: { n: integer }, headers: { "x-n": integer }, response: body };
  const [route] = describe(
    new Spikard().post("/{id:int}/{of:integer}/{name}/{day:date}", options, handler),
  ).routes;
  assert.deepEqual(body, before);
  assert.deepEqual(
    JSON.parse(route.parameters).map(({ name, in: kind, schema }) => [name, kind, schema]),
    [
      ["id", "path", safe],
      ["of", "path", safe],
      ["n", "query", safe],
      ["x-n", "header", safe],
    ],
  );
  assert.deepEqual(JSON.parse(route.body).content["application/json"].schema, {
    type: "object",
    properties: {
      a: safe,
      list: { type: "array", items: { type: ["integer", "null"], ...SAFE }, prefixItems: [safe] },
      some: { anyOf: [safe, { type: "string" }], oneOf: [safe], allOf: [{ $ref: "#/$defs/own" }] },
      number: { type: "number" },
      either: { type: ["integer", "number"] },
      small: { type: "integer", minimum: 1, maximum: 5 },
      wide: { type: "integer", format: "int64", ...SAFE },
      literal: before.properties.literal,
    },
    additionalProperties: safe,
    $defs: { own: { type: "object", patternProperties: { "^x": safe }, additionalProperties: false } },
  });
  // The range does not apply to replies.
  assert.deepEqual(JSON.parse(route.replies)[200].content["application/json"].schema, before);
});

test("a parameter with a type in the path can also be declared", () => {
  const options = { path: { id: { type: "integer", minimum: 1 } } };
  const [route] = describe(new Spikard().get("/{id:int}", options, handler)).routes;
  const [{ name, schema }, ...rest] = JSON.parse(route.parameters);
  assert.deepEqual([name, schema, rest], ["id", { type: "integer", ...SAFE, minimum: 1 }, []]);
});
