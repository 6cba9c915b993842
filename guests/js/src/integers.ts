/**
 * The range of integers in schemas of requests.
 *
 * The host checks integers of 64 bits exactly, and JavaScript has them exact up to 2^53 - 1 alone. So the schemas
 * that an app declares get this range, as those of Zod have it: the host answers 422 to what a handler could not
 * be given.
 */
import type { JsonSchema } from "./schema.js";

const MAX = Number.MAX_SAFE_INTEGER;

/** Keywords whose value is a schema, a list of them, and a map of them. */
const SCHEMA = ["items", "additionalProperties", "contains", "unevaluatedProperties", "unevaluatedItems"];
const LISTS = ["prefixItems", "allOf", "anyOf", "oneOf"];
const MAPS = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];

/** The schema with the range of JavaScript's integers wherever it has an integer. */
export function safeIntegers(schema: JsonSchema): JsonSchema {
  return limited(schema, new Map()) as JsonSchema;
}

function limited(schema: unknown, known: Map<object, unknown>): unknown {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return schema;
  const before = known.get(schema);
  if (before !== undefined) return before;
  const copy: Record<string, unknown> = { ...schema };
  // A schema that holds itself has no JSON text; the error for that comes from `JSON.stringify`.
  known.set(schema, copy);
  const { type } = copy;
  if (type === "integer" || (Array.isArray(type) && type.includes("integer") && !type.includes("number"))) {
    copy.minimum = Math.max(bound(copy.minimum, -MAX), -MAX);
    copy.maximum = Math.min(bound(copy.maximum, MAX), MAX);
  }
  for (const key of SCHEMA) {
    if (key in copy) copy[key] = limited(copy[key], known);
  }
  for (const key of LISTS) {
    const list = copy[key];
    if (Array.isArray(list)) copy[key] = list.map((one) => limited(one, known));
  }
  for (const key of MAPS) {
    const map = copy[key];
    if (typeof map !== "object" || map === null) continue;
    copy[key] = Object.fromEntries(Object.entries(map).map(([name, one]) => [name, limited(one, known)]));
  }
  return copy;
}

/** A bound that is declared; the host refuses one that is no number. */
function bound(declared: unknown, otherwise: number): number {
  return typeof declared === "number" ? declared : otherwise;
}
