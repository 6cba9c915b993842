/**
 * The host in node, for unit tests: it has no request, and its functions return their empty values,
 * until a test client puts a request in with `replaceHost`.
 */
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
};

export const host: Host = { ...EMPTY };

/** Makes `functions` the host, and whatever they leave out empty. */
export function replaceHost(functions: Partial<Host>): void {
  Object.assign(host, EMPTY, functions);
}
