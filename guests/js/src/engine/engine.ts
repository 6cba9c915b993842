/**
 * Differences between the JavaScript engines.
 *
 * QuickJS runs handlers itself, and both engines answer a call later if its promise needs an operation of the host. On
 * both, some globals only work once the component runs.
 */

import { host } from "#host";
import { type Call, call } from "../call.js";
import type { IncomingBody, ResponseBody } from "../fetch.js";
import type { RawReply, Settled } from "../host/types.js";
import type { Io } from "../io.js";

/** The parts of an app that an engine needs to run its handlers without JavaScript code of this package. */
export interface EngineApp {
  /** The exported function whose handlers the engine runs itself. */
  readonly handle: unknown;
  readonly routes: readonly { readonly handler: unknown; readonly status: number | undefined }[];
  /** The prototype of contexts. */
  readonly prototype: object;
  /** The state of the instance; the engine sets `current`. */
  readonly call: object;
  lower(value: unknown, status: number | undefined): Settled<RawReply>;
  fail(error: unknown): RawReply;
  form(text: string, context: Call): object;
  request(context: Call): object;
  local(context: Call): object;
  /** Aborts the signal of a request. */
  cancel(context: Call): void;
  readonly globals: object;
}

/** Functions and properties that depend on the engine. */
export interface Engine {
  /**
   * Encodes a string, on engines that pass a long string faster as bytes. StarlingMonkey's bindings compute the
   * length of a string in JavaScript, character by character.
   */
  encode: ((text: string) => Uint8Array) | undefined;
  /** Whether the engine's bindings remove a byte order mark from the start of a string. */
  dropsByteOrderMark: boolean;
  /** Converts an integer to the engine's type for `s64`, or returns `undefined` if the bindings cannot pass it. */
  int64(integer: number): bigint | number | undefined;
  /**
   * Awaits the promise of a handler or hook, converts its value with `succeed` or its error with `fail`, and ends
   * the call. Neither function may throw, and the promise of `succeed` may not reject.
   */
  settle<T>(
    value: PromiseLike<unknown>,
    succeed: (value: unknown) => Settled<T>,
    fail: (error: unknown) => T,
  ): Settled<T>;
  /** Ends a call: its jobs and timers do not run in a later call. */
  endCall(own: Call | null | undefined): void;
  /** Fails the call in progress. */
  report(message: string, detail: string): void;
  /** How the engine runs operations. */
  io: Io;
  /** Returns the body of a response. QuickJS creates no stream unless the app uses it. */
  incoming(body: IncomingBody): ResponseBody;
  /** Registers the handlers of an app, on an engine that runs them itself. */
  serve: ((app: EngineApp) => void) | undefined;
  /** The values of settings that were read. They do not change within an instance; in a test, each client has others. */
  settings: Map<string, unknown> | undefined;
}

const noHost = (): never => {
  throw new Error(
    "there is no host: operations work in a component, and in a test with the client of `@spikard/wasm/testing`",
  );
};

/** The engine in use; `quickjs.ts` and `starlingmonkey.ts` replace its members. */
export const engine: Engine = {
  encode: undefined,
  dropsByteOrderMark: false,
  // StarlingMonkey's bindings trap on a negative argument, and return a negative result as unsigned.
  int64: (integer) => (integer < 0 ? undefined : BigInt(integer)),
  settle(value, succeed, fail) {
    const own = call.current;
    // A thenable might not return a promise, and might call back more than once; a promise does not.
    return Promise.resolve(value)
      .then(succeed, fail)
      .finally(() => endCall(own));
  },
  endCall() {},
  report: (message, detail) => host.report(message, detail),
  io: { start: noHost, stop: noHost, call: noHost, hold: noHost, release: noHost },
  incoming: noHost,
  serve: undefined,
  settings: undefined,
};

/** Ends a call: its objects throw from now on, and its remaining jobs and timers do not run later. */
export function endCall(own: Call | null | undefined): void {
  // In a test, another request can have begun in the meantime.
  if (own !== call.current) return;
  if (call.leftovers) {
    engine.endCall(own);
    call.leftovers = false;
  }
  call.current = null;
}
