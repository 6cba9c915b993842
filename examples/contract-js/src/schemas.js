/**
 * JSON Schemas of the requests and replies of the routes.
 */
const text = { type: "string" };
const tags = { type: "array", items: text, default: [] };
const id = { type: "integer", minimum: 1 };

function object(properties, required = Object.keys(properties)) {
  return { type: "object", properties, required };
}

const item = {
  name: { type: "string", minLength: 1, maxLength: 50 },
  price: { type: "number", minimum: 0 },
  tags,
};
export const newItem = object(item, ["name", "price"]);
export const storedItem = object({ id, ...item });
/** An item with the members that a client selected. */
export const partOfItem = object({ id, ...item }, ["id"]);

export const itemPath = { id };
export const itemQuery = {
  fields: { type: "array", items: { enum: ["name", "price", "tags"] }, default: [] },
};
export const itemHeaders = { "x-trace": text };

export const person = object({ name: text, age: { type: "integer" }, tags }, ["name", "age"]);
export const receivedPerson = object({ name: text, age: { type: "integer" }, tags });

// The description of a file, without its bytes.
const file = object({ filename: text, size: { type: "integer" } });
export const upload = object({ file, note: { type: "string", default: "" } }, ["file"]);
export const receivedFile = object({
  filename: text,
  size: { type: "integer" },
  content_type: { type: ["string", "null"] },
  note: text,
});

export const health = object({ status: { const: "ok" } });
export const visits = object({ visits: { type: "integer" } });
export const key = object({ key: text });
export const limited = object({ ok: { type: "boolean" } });
export const failure = object({ error: text, request: text });
export const teapot = object({ teapot: { type: "boolean" } });
export const calls = object({ calls: { type: "integer" } });
export const large = object({ text });
