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
  return wellFormedJson(holdsEmpty(text) ? checkedJson(value) : text);
}

/** Returns true for a JSON text that an object without a JSON form can be a part of. */
export function holdsEmpty(text: string): boolean {
  return text.includes("{}");
}

/** Returns the JSON text of a reply, and rejects a part of it without a JSON form. */
function checkedJson(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) => {
    if (key === "" || typeof part !== "object" || part === null || Object.keys(part).length > 0) return part;
    if (Array.isArray(part) || !isEmptied(part)) return part;
    const name = tagOf(part);
    throw new TypeError(
      name === "Promise"
        ? `the property \`${key}\` of the reply is a promise; await it before you return the reply`
        : `the property \`${key}\` of the reply is of type \`${name}\`, which has no JSON form; ` +
            "give a plain object, an array or a string",
    );
  });
}

function refuseEmptied(value: object): void {
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") return;
  if (tagOf(value) === "Promise") {
    throw new TypeError("the body of a `Reply` is a promise; await it before you make the `Reply`");
  }
  if (isEmptied(value)) throw noJsonForm(value);
}

function isEmptied(value: object): boolean {
  const name = tagOf(value);
  return EMPTIED.has(name) || name.endsWith(" Iterator") || isIterator(value);
}

function isIterator(value: object): boolean {
  const { next } = value as { next?: unknown };
  return typeof next === "function" && (Symbol.iterator in value || Symbol.asyncIterator in value);
}
