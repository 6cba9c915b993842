/**
 * Features of the host for an app: validation, policies, hooks and contexts. The equivalent apps in Python and
 * Rust are `contract-python` and `contract-rust`.
 */
import { Reply, Spikard } from "@spikard/wasm";
import * as schemas from "./schemas.js";

// Policies of every route, which the host enforces. The log has the ID of each request.
const app = new Spikard({
  name: "contract-js",
  version: "1.0.0",
  requestId: true,
  securityHeaders: true,
  cors: { origins: ["https://app.example"], credentials: true },
});

// A hook of all routes: it adds this header to every reply of a handler or of another hook.
app.onResponse((reply) => reply.headers.set("x-app", "contract"));

app.get("/health", { response: schemas.health }, () => ({ status: "ok" }));

// The host rejects an invalid body with 422, and the handler does not run.
app.get(
  "/items/{id}",
  {
    path: schemas.itemPath,
    query: schemas.itemQuery,
    headers: schemas.itemHeaders,
    response: schemas.partOfItem,
  },
  ({ params }) => {
    const { id, fields, x_trace } = params;
    const item = { name: `item ${id}`, price: 1.5, tags: ["demo"] };
    const chosen = fields.length === 0 ? item : Object.fromEntries(fields.map((name) => [name, item[name]]));
    return new Reply({ id, ...chosen }, { headers: x_trace === undefined ? {} : { "x-trace": x_trace } });
  },
);

// The host does not fill in defaults of JSON, so the handler does. All instances share the counter.
app.post(
  "/items",
  { body: schemas.newItem, status: 201, response: schemas.storedItem },
  ({ body: { name, price, tags = [] }, globals }) => ({ id: globals.add("items"), name, price, tags }),
);

app.post("/forms", { form: schemas.person, response: schemas.receivedPerson }, ({ body }) => {
  const { name, age, tags = [] } = body;
  return { name, age, tags };
});

app.post("/files", { multipart: schemas.upload, response: schemas.receivedFile }, ({ body }) => {
  const { filename, size, contentType } = body.file;
  return { filename, size, content_type: contentType ?? null, note: body.note ?? "" };
});

// Counts the requests of all instances.
app.get("/visits", { response: schemas.visits }, ({ globals }) => ({ visits: globals.add("visits") }));

// The operator provides the key: `serve --secret demo-key=env:DEMO_KEY`.
const apiKey = { keys: { demo: { secret: "demo-key" } }, header: "x-api-key" };
app.get("/private", { apiKey, response: schemas.key }, ({ local }) => ({
  key: local.get("spikard.api-key"),
}));

const rateLimit = { requests: 2, per: "minute", by: "client" };
app.get("/limited", { rateLimit, response: schemas.limited }, () => ({ ok: true }));

// The log has the error; the client gets the reply of the hook.
const hide = (_reply, { request }) => new Reply({ error: "internal", request: request.id }, { status: 500 });
app.get("/fails", { hooks: { onError: hide }, responses: { 500: schemas.failure } }, () => {
  throw new Error("the database is away");
});

// A hook that returns something ends the request early.
const brew = () => new Reply({ teapot: true }, { status: 418 });
app.get("/teapot", { hooks: { preHandler: brew }, responses: { 418: schemas.teapot } }, () => "never made");

app.get("/large", { compression: true, response: schemas.large }, () => ({ text: "spikard ".repeat(1280) }));

// Counts in the memory of the instance, which is reused for several requests. A fresh instance serves a single
// request and always counts 1.
let calls = 0;
const count = () => ({ calls: ++calls });
app.get("/calls", { name: "calls", response: schemas.calls }, count);
app.get("/calls/fresh", { name: "fresh-calls", instances: "fresh", response: schemas.calls }, count);

export const { definition, handler, hooks } = app.component();
