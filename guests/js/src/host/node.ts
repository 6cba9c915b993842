/**
 * The host in node, for unit tests: it has no request, and its functions return their empty values,
 * until a test client puts a request in with `replaceHost`.
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

/** Makes `functions` the host, and whatever they leave out empty. */
export function replaceHost(functions: Partial<Host>): void {
  Object.assign(host, EMPTY, functions);
}
