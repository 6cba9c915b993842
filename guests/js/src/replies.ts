/**
 * Converts the declared replies of a route to a Responses Object of OpenAPI 3.1.
 */
import { reason } from "./errors.js";
import type { RouteOptions } from "./options.js";
import { toJsonSchema } from "./schema.js";

interface ResponseObject {
  description: string;
  content?: { [type: string]: { schema: unknown } };
}

/** Returns the declared replies of a route as JSON, or an empty string if it declares none. */
export function repliesText(options: RouteOptions, route: string): string {
  const { response, responses } = options;
  const replies: { [status: string]: ResponseObject } = {};
  if (response !== undefined || options.status !== undefined) {
    const status = checked(options.status ?? 200, route);
    replies[status] = reply(status, response, `the response option of route ${route}`);
  }
  if (responses === undefined) return Object.keys(replies).length === 0 ? "" : JSON.stringify(replies);
  if (typeof responses !== "object" || responses === null) {
    throw new TypeError(`the responses of route ${route} are \`${String(responses)}\`: give an object`);
  }
  for (const [key, declared] of Object.entries(responses)) {
    const status = checked(Number(key), route);
    if (status in replies && response !== undefined) {
      throw new TypeError(
        `route ${route} declares its reply ${status} twice, in \`response\` and \`responses\``,
      );
    }
    replies[status] = reply(status, declared, `the reply ${status} of route ${route}`);
  }
  return JSON.stringify(replies);
}

function checked(status: number, route: string): number {
  if (Number.isInteger(status) && status >= 200 && status <= 599) return status;
  throw new RangeError(`route ${route} has status \`${status}\`: give one from 200 to 599`);
}

function reply(status: number, declared: unknown, what: string): ResponseObject {
  if (declared === undefined) return { description: reason(status) };
  if (typeof declared === "string") return { description: declared };
  if (!isDescribed(declared)) return { description: reason(status), ...body(declared, what) };
  const { description, schema } = declared;
  return { description, ...(schema === undefined ? {} : body(schema, what)) };
}

/**
 * Returns true for an object with a `description` and optionally a `schema`, and no other member. Any other object is
 * a schema, which can have a description of its own.
 */
function isDescribed(declared: unknown): declared is { description: string; schema?: unknown } {
  if (typeof declared !== "object" || declared === null) return false;
  const names = Object.keys(declared);
  return "description" in declared && names.every((name) => name === "description" || name === "schema");
}

function body(given: unknown, what: string): { content: { [type: string]: { schema: unknown } } } {
  const schema = toJsonSchema(given, what, "output");
  // The host sends a string as text.
  const type = schema.type === "string" ? "text/plain" : "application/json";
  return { content: { [type]: { schema } } };
}
