/**
 * Handlers that return what they see of a request.
 */
import { UploadFile } from "@spikard/wasm";

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Returns the result of every function of the interface `request`, with bytes as hexadecimal.
function request({ params, request }) {
  const own = request.rawHeaders.filter(([name]) => name.startsWith("x-"));
  return {
    rest: params.rest,
    method: request.method,
    path: request.path,
    query: request.queryString,
    header: request.header("X-Text") ?? null,
    headers: own.map(([name, value]) => [name, hex(value)]),
    cookies: request.cookies,
    peer: request.peer,
    id: request.id,
    body: hex(request.rawBody()),
  };
}

function form({ body }) {
  const texts = [];
  const files = [];
  for (const [field, values] of Object.entries(body)) {
    for (const value of [values].flat()) {
      if (!(value instanceof UploadFile)) {
        texts.push([field, value]);
        continue;
      }
      const { filename, contentType, size } = value;
      files.push({ field, filename, content_type: contentType ?? "", size, bytes: hex(value.bytes()) });
    }
  }
  return { texts, files };
}

const item = {
  type: "object",
  properties: { name: { type: "string" }, price: { type: "number" } },
  required: ["name", "price"],
};

// Declares a parameter of each kind.
const declared = {
  path: { id: { type: "integer" } },
  query: { page: { type: "integer", minimum: 1, required: true } },
  headers: { "x-token": { type: "string", required: true } },
  cookies: { sid: { type: "string", minLength: 2, required: true } },
  body: item,
};

export function define(app) {
  app.post("/request/{*rest}", request);
  app.post("/body/raw", { rawBody: true, bodyLimit: 2_000_000 }, ({ body }) => body);
  app.post("/body/text", ({ body }) => body);
  app.post("/body/small", { rawBody: true, bodyLimit: 16 }, ({ body }) => body);
  app.post("/body/form", form);
  app.post("/declared/{id}", declared, ({ params, body }) => {
    const { id, page, x_token, sid } = params;
    return { id, page, token: x_token, sid, item: body };
  });
  app.get("/only/get", () => "got");
  app.post("/only/get", () => "posted");
}
