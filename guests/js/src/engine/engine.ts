/**
 * Differences between the JavaScript engines.
 *
 * StarlingMonkey awaits a promise that `handle` returns. QuickJS runs handlers itself, and runs jobs and timers until
 * their promise settles. On both engines, some globals only work once the component runs.
 */
import { type Call, call } from "../call.js";
import type { RawReply, Settled } from "../host/types.js";

/** The parts of an app that an engine needs to run its handlers without JavaScript code of this package. */
export interface EngineApp {
  /** The exported function whose handlers the engine runs itself. */
  readonly handle: unknown;
  readonly routes: readonly { readonly handler: unknown; readonly status: number | undefined }[];
  /** The prototype of contexts. */
  readonly prototype: object;
  /** The state of the instance; the engine sets `current`. */
  readonly call: object;
  lower(value: unknown, status: number | undefined): RawReply;
  fail(error: unknown): RawReply;
  form(text: string, context: Call): object;
  request(context: Call): object;
  local(context: Call): object;
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
   * the call. Neither function may throw.
   */
  settle<T>(
    value: PromiseLike<unknown>,
    succeed: (value: unknown) => T,
    fail: (error: unknown) => T,
  ): Settled<T>;
  /** Runs the jobs of the call and clears its timers, so that none of them runs in a later call. */
  dropLeftovers(): void;
  /** Registers the handlers of an app, on an engine that runs them itself. */
  serve: ((app: EngineApp) => void) | undefined;
}

/** The engine in use; `quickjs.ts` and `starlingmonkey.ts` replace its members. */
export const engine: Engine = {
  encode: undefined,
  dropsByteOrderMark: false,
  // StarlingMonkey's bindings trap on a negative argument, and return a negative result as unsigned.
  int64: (integer) => (integer < 0 ? undefined : BigInt(integer)),
  settle(value, succeed, fail) {
    const own = call.current;
    // A thenable might not return a promise, and might call back more than once; a promise does not.
    return Promise.resolve(value).then(
      (late) => {
        const reply = succeed(late);
        endCall(own);
        return reply;
      },
      (error: unknown) => {
        const reply = fail(error);
        endCall(own);
        return reply;
      },
    );
  },
  dropLeftovers() {},
  serve: undefined,
};

/** Ends a call: its objects throw from now on, and its remaining jobs and timers do not run later. */
export function endCall(own: Call | null | undefined): void {
  // In a test, another request can have begun in the meantime.
  if (own !== call.current) return;
  if (call.leftovers) {
    engine.dropLeftovers();
    call.leftovers = false;
  }
  call.current = null;
}
