/** Policies, hooks and replies in the description. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Spikard } from "@spikard/wasm";
import { z } from "zod";

const handler = () => "";
const described = (app) => app.component().definition.describe();
const appSettings = (options) => JSON.parse(described(new Spikard(options)).settings);
const routeOf = (options) => described(new Spikard().get("/", options, handler)).routes[0];

const SHARED = [
  [
    { bodyLimit: 1, timeoutMs: 2, timeoutStatus: 408 },
    { body_limit: 1, timeout_ms: 2, timeout_status: 408 },
  ],
  [{ instances: "reuse" }, { instances: "reuse" }],
  [{ instances: "fresh" }, { instances: "fresh" }],
  [{ instances: "shared" }, { instances: "shared" }],
  [{ requestId: true }, { request_id: true }],
  [{ requestId: { header: "x-id", accept: false } }, { request_id: { header: "x-id", accept: false } }],
  [
    { rateLimit: { requests: 10, per: "second", burst: 20, by: { header: "x-key" } } },
    { rate_limit: { requests: 10, per: "second", burst: 20, by: { header: "x-key" } } },
  ],
  [
    { rateLimit: { requests: 1, per: "hour", by: "route" } },
    { rate_limit: { requests: 1, per: "hour", by: "route" } },
  ],
  [
    {
      cors: {
        origins: ["https://a.example"],
        methods: ["GET"],
        headers: "*",
        expose: ["x-a"],
        credentials: true,
        maxAge: 600,
      },
    },
    {
      cors: {
        origins: ["https://a.example"],
        methods: ["GET"],
        headers: "*",
        expose: ["x-a"],
        credentials: true,
        max_age: 600,
      },
    },
  ],
  [{ compression: true }, { compression: true }],
  [
    { compression: { algorithms: ["br"], minSize: 10, level: 4 } },
    { compression: { algorithms: ["br"], min_size: 10, level: 4 } },
  ],
  [
    { jwt: false, apiKey: false },
    { jwt: false, api_key: false },
  ],
  [
    {
      jwt: {
        algorithms: ["HS256"],
        secret: { secret: "jwt" },
        publicKey: "PEM",
        audience: ["a"],
        issuer: "i",
        leeway: 5,
        requiredClaims: ["exp"],
        realm: "r",
      },
    },
    {
      jwt: {
        algorithms: ["HS256"],
        secret: { secret: "jwt" },
        public_key: "PEM",
        audience: ["a"],
        issuer: "i",
        leeway: 5,
        required_claims: ["exp"],
        realm: "r",
      },
    },
  ],
  [
    { apiKey: { keys: ["k", { secret: "s" }], header: null, query: "key", cookie: "c", realm: "r" } },
    { api_key: { keys: ["k", { secret: "s" }], header: null, query: "key", cookie: "c", realm: "r" } },
  ],
  // The app chooses the names of keys.
  [{ apiKey: { keys: { aB: { secret: "s" } } } }, { api_key: { keys: { aB: { secret: "s" } } } }],
  [
    { securityHeaders: { frameOptions: null, contentSecurityPolicy: "x" } },
    { security_headers: { frame_options: null, content_security_policy: "x" } },
  ],
];

test("policies of apps and routes become settings with the host's names", () => {
  for (const [options, settings] of SHARED) {
    assert.deepEqual(appSettings(options), settings);
    assert.deepEqual(JSON.parse(routeOf(options).settings), settings);
  }
  assert.deepEqual(JSON.parse(routeOf({ deprecated: true }).settings), { deprecated: true });
});

test("policies that only apps have", () => {
  assert.deepEqual(
    appSettings({
      static: [{ prefix: "/p", folder: "f", cacheControl: "no-store", index: true, precompressed: true }],
      trailingSlash: "redirect",
      openapi: {
        path: "/o.json",
        docs: "/d",
        title: "T",
        description: "D",
        termsOfService: "u",
        contact: { name: "n" },
        license: { name: "MIT" },
        servers: [{ url: "/", "x-camelCase": 1 }],
        tags: [{ name: "t", externalDocs: { url: "u" } }],
      },
    }),
    {
      static: [{ prefix: "/p", folder: "f", cache_control: "no-store", index: true, precompressed: true }],
      trailing_slash: "redirect",
      openapi: {
        path: "/o.json",
        docs: "/d",
        title: "T",
        description: "D",
        terms_of_service: "u",
        contact: { name: "n" },
        license: { name: "MIT" },
        servers: [{ url: "/", "x-camelCase": 1 }],
        tags: [{ name: "t", externalDocs: { url: "u" } }],
      },
    },
  );
  assert.deepEqual(appSettings({ openapi: false }), { openapi: false });
  assert.throws(
    () => routeOf({ trailingSlash: "strict" }),
    (thrown) => /^route `GET \/` has no option `trailingSlash`; the options are /.test(thrown),
  );
});

test("a misspelled policy is an error that names it", () => {
  const mistakes = [
    [
      { rateLimit: { request: 1 } },
      /^`rateLimit` of the app has no member `request`; the members are requests, per, /,
    ],
    [
      { cors: { max_age: 1 } },
      /^`cors` of the app has no member `max_age`; the members are origins, .*, maxAge$/,
    ],
    [
      { rateLimit: { by: { headers: "x" } } },
      /^`by` in `rateLimit` of the app has no member `headers`; the members are header$/,
    ],
    [
      { jwt: { secret: { name: "x" } } },
      /^`secret` in `jwt` of the app has no member `name`; the members are secret$/,
    ],
    [{ apiKey: { keys: [{ env: "x" }] } }, /^item 0 of `keys` in `apiKey` of the app has no member `env`/],
    [{ apiKey: { keys: { a: { env: "x" } } } }, /^`a` in `keys` in `apiKey` of the app has no member `env`/],
    [
      { static: [{ path: "/" }] },
      /^item 0 of `static` of the app has no member `path`; the members are prefix, /,
    ],
    [{ instances: "often" }, /^`instances` of the app is `often`: give reuse, fresh or shared$/],
    [{ instances: null }, /^`instances` of the app is `null`: give reuse, fresh or shared$/],
    [{ toString: 1 }, /^the app has no option `toString`/],
    [{ compression: { toString: 1 } }, /^`compression` of the app has no member `toString`/],
  ];
  for (const [options, sentence] of mistakes) {
    assert.throws(
      () => appSettings(options),
      (thrown) => typeof thrown === "string" && sentence.test(thrown),
    );
  }
  assert.throws(
    () => routeOf({ compression: { minsize: 1 } }),
    (thrown) => /^`compression` of route `GET \/` has no member `minsize`; the members are /.test(thrown),
  );
  assert.throws(
    () => routeOf({ instances: "Fresh" }),
    (thrown) => thrown === "`instances` of route `GET /` is `Fresh`: give reuse, fresh or shared",
  );
});

test("the settings name the kinds of hooks", () => {
  const app = new Spikard().onRequest(handler).onError(handler);
  app.get("/", { hooks: { preHandler: [handler], onResponse: handler, onRequest: [] } }, handler);
  app.get("/none", { hooks: {} }, handler);
  const { settings, routes } = described(app);
  assert.deepEqual(JSON.parse(settings), { hooks: ["on-request", "on-error"] });
  assert.deepEqual(JSON.parse(routes[0].settings), { hooks: ["pre-handler", "on-response"] });
  assert.equal(routes[1].settings, "");
  const mistakes = [
    [
      { onReqest: handler },
      /^route `GET \/` has no hook `onReqest`; the hooks are onRequest, preValidation, /,
    ],
    [{ onRequest: 5 }, "the onRequest hook of route `GET /` is `5`: give a function or a list of them"],
    [
      { onError: [handler, null] },
      "the onError hook of route `GET /` is `null`: give a function or a list of them",
    ],
    [[handler], /^the hooks of route `GET \/` are /],
    [null, "the hooks of route `GET /` are `null`: give an object of functions"],
  ];
  for (const [hooks, sentence] of mistakes) {
    assert.throws(
      () => routeOf({ hooks }),
      (thrown) => (typeof sentence === "string" ? thrown === sentence : sentence.test(thrown)),
    );
  }
  assert.throws(
    () => described(new Spikard().preHandler("x")),
    (thrown) => thrown === "the preHandler hook of the app is `x`: give a function or a list of them",
  );
});

test("replies become a Responses Object of OpenAPI 3.1", () => {
  const item = { type: "object", properties: { id: { type: "integer" } } };
  const replies = (options) => JSON.parse(routeOf(options).replies);
  const json = (schema) => ({ "application/json": { schema } });
  assert.deepEqual(replies({ response: item }), { 200: { description: "OK", content: json(item) } });
  assert.deepEqual(
    replies({
      status: 201,
      response: item,
      responses: {
        404: "no such item",
        409: { type: "string" },
        418: { description: "tea", schema: item },
        410: { description: "gone" },
      },
    }),
    {
      201: { description: "Created", content: json(item) },
      404: { description: "no such item" },
      409: { description: "Conflict", content: { "text/plain": { schema: { type: "string" } } } },
      410: { description: "gone" },
      418: { description: "tea", content: json(item) },
    },
  );
  // A schema can have a description of its own.
  const described = { description: "an item", type: "object" };
  assert.deepEqual(replies({ responses: { 200: described } })[200].content, json(described));
  const converted = replies({ response: z.object({ n: z.string().transform(Number).pipe(z.number()) }) });
  assert.equal(converted[200].content["application/json"].schema.properties.n.type, "number");
  const mistakes = [
    [{ responses: { 99: item } }, "route `GET /` has status `99`: give one from 200 to 599"],
    [{ responses: { ok: item } }, "route `GET /` has status `NaN`: give one from 200 to 599"],
    [{ responses: 5 }, "the responses of route `GET /` are `5`: give an object"],
    [
      { response: item, responses: { 200: item } },
      "route `GET /` declares its reply 200 twice, in `response` and `responses`",
    ],
    [
      { responses: { 404: 5 } },
      "the reply 404 of route `GET /` is `5`, which is not a schema: give a JSON Schema object",
    ],
  ];
  for (const [options, sentence] of mistakes) {
    assert.throws(
      () => routeOf(options),
      (thrown) => thrown === sentence,
    );
  }
});

test("a parameter can have a style", () => {
  const query = {
    ids: { type: "array", items: { type: "integer" }, style: "form", explode: false },
    filter: { type: "object", style: "deepObject", required: true },
  };
  assert.deepEqual(JSON.parse(routeOf({ query }).parameters), [
    {
      name: "ids",
      in: "query",
      required: false,
      schema: {
        type: "array",
        items: { type: "integer", minimum: -Number.MAX_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
      },
      style: "form",
      explode: false,
    },
    { name: "filter", in: "query", required: true, schema: { type: "object" }, style: "deepObject" },
  ]);
});
