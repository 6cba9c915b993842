/**
 * What the host does for an app: checks, policies, hooks and contexts. The apps `contract-python` and
 * `contract-rust` beside this one answer alike.
 */
import { Reply, Spikard } from "@spikard/wasm";
import * as schemas from "./schemas.js";

// What holds for every route. The host enforces it, and the log has each request's id.
const app = new Spikard({
  name: "contract-js",
  version: "1.0.0",
  requestId: true,
  securityHeaders: true,
  cors: { origins: ["https://app.example"], credentials: true },
});

// A hook of all routes: every reply of a handler, or of another hook, has this header.
app.onResponse((reply) => reply.headers.set("x-app", "contract"));

app.get("/health", { response: schemas.health }, () => ({ status: "ok" }));

// What does not fit gets status 422, and the handler does not run.
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

// JSON stays as it was sent, so the default is the handler's. The number is of all instances together.
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

// How often it was asked for, whichever instance answered.
app.get("/visits", { response: schemas.visits }, ({ globals }) => ({ visits: globals.add("visits") }));

// The operator gives the key: `serve --secret demo-key=env:DEMO_KEY`.
const apiKey = { keys: { demo: { secret: "demo-key" } }, header: "x-api-key" };
app.get("/private", { apiKey, response: schemas.key }, ({ local }) => ({
  key: local.get("spikard.api-key"),
}));

const rateLimit = { requests: 2, per: "minute", by: "client" };
app.get("/limited", { rateLimit, response: schemas.limited }, () => ({ ok: true }));

// The log has what failed; the client gets what the hook makes of it.
const hide = (_reply, { request }) => new Reply({ error: "internal", request: request.id }, { status: 500 });
app.get("/fails", { hooks: { onError: hide }, responses: { 500: schemas.failure } }, () => {
  throw new Error("the database is away");
});

// A hook that returns something ends the request early.
const brew = () => new Reply({ teapot: true }, { status: 418 });
app.get("/teapot", { hooks: { preHandler: brew }, responses: { 418: schemas.teapot } }, () => "never made");

app.get("/large", { compression: true, response: schemas.large }, () => ({ text: "spikard ".repeat(1280) }));

// Counts in the memory of the instance, which serves one request after another. One that is fresh is new to each: it
// always says 1.
let calls = 0;
const count = () => ({ calls: ++calls });
app.get("/calls", { name: "calls", response: schemas.calls }, count);
app.get("/calls/fresh", { name: "fresh-calls", instances: "fresh", response: schemas.calls }, count);

export const { definition, handler, hooks } = app.component();
