/**
 * What differs between the engines. StarlingMonkey has what handlers expect of an engine and waits
 * for a promise that `handle` returns. QuickJS does neither: `quickjs.ts` installs what is missing.
 * On both, some globals only work once the component runs.
 */
import { type Call, call } from "../call.js";
import type { Settled } from "../host/types.js";

/** The parts an engine may bring. */
export interface Engine {
  /**
   * Encodes a text, on an engine where a long text is cheaper to pass as bytes: StarlingMonkey's bindings
   * measure a string in JavaScript, character by character.
   */
  encode: ((text: string) => Uint8Array) | undefined;
  /** Whether the engine's bindings drop a byte order mark at the start of a text. */
  dropsByteOrderMark: boolean;
  /** An integer as the engine's bindings take one of 64 bits; `undefined` for one that they do not take. */
  int64(integer: number): bigint | number | undefined;
  /**
   * Waits for what a handler or a hook returned, ends the call, and turns what `succeed` or `fail` makes of
   * the outcome into what an export returns. Neither throws.
   */
  settle<T>(
    value: PromiseLike<unknown>,
    succeed: (value: unknown) => T,
    fail: (error: unknown) => T,
  ): Settled<T>;
  /** Runs the jobs of the call and drops its timers, so that none of them runs in a later call. */
  dropLeftovers(): void;
}

const QUICKJS_WITHOUT_SUPPORT =
  "QuickJS does not run promises by itself, and this component was built without the SDK's support for " +
  "them: build it with `spikard-wasm-js build --engine quickjs`, or make the handlers and hooks synchronous";

/** The engine in use; `quickjs.ts` and `starlingmonkey.ts` replace its parts. */
export const engine: Engine = {
  encode: undefined,
  dropsByteOrderMark: false,
  // The bindings of StarlingMonkey trap on a negative one, and give one back as if it had no sign.
  int64: (integer) => (integer < 0 ? undefined : BigInt(integer)),
  settle(value, succeed, fail) {
    // componentize-qjs leaves this mark in every component it makes.
    if ("__cqjs" in globalThis) throw new Error(QUICKJS_WITHOUT_SUPPORT);
    const own = call.current;
    // A thenable need not return a promise, nor call back once: the promise made of it does.
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
};

/** Ends a call: from now on its objects throw, and nothing that it left runs. */
export function endCall(own: Call | null | undefined): void {
  // In a test, another request may have begun meanwhile.
  if (own !== call.current) return;
  if (call.leftovers) {
    engine.dropLeftovers();
    call.leftovers = false;
  }
  call.current = null;
}
