/**
 * Stands in for the host in Node.js, for unit tests. Its functions return empty values outside of the requests of a test
 * client. Requests can run at the same time: each has its own functions and its own call in progress.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { type Call, call } from "../call.js";
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

/** A request of a test client. */
export interface TestCall {
  /** The functions of the host for the request. Missing ones return empty values. */
  readonly host: Partial<Host>;
  current: Call | null | undefined;
  leftovers: boolean;
}

const storage = new AsyncLocalStorage<TestCall>();

export const host: Host = Object.defineProperties(
  {} as Host,
  Object.fromEntries(
    Object.entries(EMPTY).map(([name, value]) => [
      name,
      { enumerable: true, get: () => storage.getStore()?.host[name as keyof Host] ?? value },
    ]),
  ),
);

/** Runs a function, and everything that it starts, within a request. */
export function withCall<T>(own: TestCall, run: () => T): T {
  return storage.run(own, run);
}

/** Returns the request of the code that runs. */
export function testCall(): TestCall | undefined {
  return storage.getStore();
}

const outside: Pick<TestCall, "current" | "leftovers"> = { current: undefined, leftovers: false };
const now = () => storage.getStore() ?? outside;

Object.defineProperties(call, {
  current: {
    get: () => now().current,
    set(value) {
      now().current = value;
    },
  },
  leftovers: {
    get: () => now().leftovers,
    set(value) {
      now().leftovers = value;
    },
  },
});
