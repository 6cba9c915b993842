/**
 * Converts replies to JSON, and rejects objects without a JSON form.
 *
 * `JSON.stringify` converts many built-in objects, such as a `Map`, to `{}`. The client would get a wrong reply
 * without any error.
 */
import { wellFormedJson } from "./text.js";

/** Built-in classes whose objects `JSON.stringify` converts to `{}`. */
const EMPTIED = new Set([
  "AbortController",
  "AbortSignal",
  "AsyncGenerator",
  "Blob",
  "DOMException",
  "Error",
  "Event",
  "File",
  "FormData",
  "Generator",
  "Headers",
  "Map",
  "Promise",
  "ReadableStream",
  "RegExp",
  "Request",
  "Response",
  "Set",
  "SharedArrayBuffer",
  "TransformStream",
  "URLSearchParams",
  "WeakMap",
  "WeakRef",
  "WeakSet",
  "WritableStream",
]);

/** Returns the error for a reply without a JSON form. */
function noJsonForm(value: unknown): TypeError {
  const name = typeof value === "object" ? tagOf(value) : typeof value;
  return new TypeError(
    `a value of type \`${name}\` was returned, which has no JSON form; ` +
      "return a plain object, an array, a string, bytes or a `Reply`",
  );
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** Returns the JSON text of a reply. */
export function replyJson(value: unknown): string {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) refuseEmptied(value);
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw noJsonForm(value);
  return wellFormedJson(text);
}

function refuseEmptied(value: object): void {
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") return;
  const name = tagOf(value);
  if (name === "Promise") {
    throw new TypeError("the body of a `Reply` is a promise; await it before you make the `Reply`");
  }
  if (EMPTIED.has(name) || name.endsWith(" Iterator") || isIterator(value)) throw noJsonForm(value);
}

function isIterator(value: object): boolean {
  const { next } = value as { next?: unknown };
  return typeof next === "function" && (Symbol.iterator in value || Symbol.asyncIterator in value);
}
