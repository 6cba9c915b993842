/**
 * Stands in for the host in Node.js, for unit tests. Its functions return empty values until a test client provides a
 * request with `replaceHost`.
 */
import { memoryGlobal } from "./contexts.js";
import type { Host } from "./types.js";

const EMPTY: Host = {
  method: () => "",
  path: () => "",
  query: () => "",
  header: () => undefined,
  headers: () => [],
  cookie: () => undefined,
  cookies: () => [],
  peer: () => "",
  id: () => "",
  rawBody: () => new Uint8Array(),
  file: () => undefined,
  report: () => {},
  local: {
    get: () => undefined,
    set() {
      throw new Error("there is no request in progress");
    },
  },
  global: memoryGlobal(),
  replyBody: () => ({ tag: "empty" }),
};

export const host: Host = { ...EMPTY };

/** Replaces the host with `functions`. Missing ones return empty values. */
export function replaceHost(functions: Partial<Host>): void {
  Object.assign(host, EMPTY, functions);
}
