/**
 * Passes long strings to the host as bytes, on engines where that is faster (`Engine.encode`).
 */
import { engine } from "./engine/engine.js";
import type { Component, RawReply } from "./host/types.js";

/** Maximum length in UTF-16 code units at which a string is faster: bytes need a `content-type` header. */
const SHORT = 256;

const TYPES = { json: "application/json", text: "text/plain; charset=utf-8" } as const;

type Handle = Component["handler"]["handle"];
type Encode = (text: string) => Uint8Array;

/** Returns a function that converts the long text of a reply to bytes. */
export function shortener(encode: Encode | undefined = engine.encode): (reply: RawReply) => RawReply {
  if (encode === undefined) return (reply) => reply;
  return (reply) => {
    const [status, headers, content] = reply;
    if (content.tag !== "json" && content.tag !== "text") return reply;
    if (content.val.length <= SHORT) return reply;
    return [status, typed(headers, TYPES[content.tag]), { tag: "bytes", val: encode(content.val) }];
  };
}

/**
 * Marks the promise of a call as one that `tasks.ts` answers. The glue of StarlingMonkey (`build/glue.ts`) knows the symbol.
 */
const TASK = Symbol.for("spikard.task");

/** Marks the promise of a call whose replies are shortened already. */
export function markTask<T>(promise: Promise<T>): Promise<T> {
  (promise as unknown as Record<symbol, boolean>)[TASK] = true;
  return promise;
}

function isTask(promise: object): boolean {
  return (promise as Record<symbol, boolean>)[TASK] === true;
}

/** Wraps `handle` so that its replies pass long texts as bytes. */
export function shortening(handle: Handle, encode: Encode | undefined = engine.encode): Handle {
  if (encode === undefined) return handle;
  const shorten = shortener(encode);
  return (route, params, body) => {
    const reply = handle(route, params, body);
    if (!("then" in reply)) return shorten(reply);
    return isTask(reply) ? reply : reply.then(shorten);
  };
}

/** Adds a content type to headers that do not have one. */
function typed(headers: string, type: string): string {
  const pairs = headers === "" ? [] : (JSON.parse(headers) as [string, string][]);
  if (pairs.some(([name]) => name.toLowerCase() === "content-type")) return headers;
  return JSON.stringify([...pairs, ["content-type", type]]);
}
