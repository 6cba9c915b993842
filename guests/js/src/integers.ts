/**
 * Limits integers in request schemas to the safe range of JavaScript.
 *
 * The host validates 64-bit integers exactly, but a JavaScript number is only exact up to 2^53 - 1. This module adds
 * that range to the schemas of an app, as Zod does, so that the host rejects other integers with 422.
 */
import type { JsonSchema } from "./schema.js";

const MAX = Number.MAX_SAFE_INTEGER;

/** Keywords whose value is a schema, a list of schemas, or a map of schemas. */
const SCHEMA = ["items", "additionalProperties", "contains", "unevaluatedProperties", "unevaluatedItems"];
const LISTS = ["prefixItems", "allOf", "anyOf", "oneOf"];
const MAPS = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];

/** Returns a schema whose integers have the safe range of JavaScript. */
export function safeIntegers(schema: JsonSchema): JsonSchema {
  return limited(schema, new Map()) as JsonSchema;
}

function limited(schema: unknown, known: Map<object, unknown>): unknown {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return schema;
  const before = known.get(schema);
  if (before !== undefined) return before;
  const copy: Record<string, unknown> = { ...schema };
  // `JSON.stringify` throws later if a schema contains itself.
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

/** Returns a declared bound, or the default. The host rejects a bound that is not a number. */
function bound(declared: unknown, otherwise: number): number {
  return typeof declared === "number" ? declared : otherwise;
}
