/**
 * What differs between the engines. StarlingMonkey has what handlers expect of an engine and waits
 * for a promise that `handle` returns. QuickJS does neither: `quickjs.ts` installs what is missing.
 * On both, some globals only work once the component runs.
 */
import type { Settled } from "../host/types.js";

/** The parts an engine may bring. */
export interface Engine {
  /**
   * Whether the host has called. Before, the module is being evaluated for the component's snapshot, and
   * a call to the host would trap.
   */
  started: boolean;
  /**
   * Encodes a text, on an engine where a long text is cheaper to pass as bytes: StarlingMonkey's bindings
   * measure a string in JavaScript, character by character.
   */
  encode: ((text: string) => Uint8Array) | undefined;
  /** An integer as the engine's bindings take one of 64 bits; `undefined` for one that they do not take. */
  int64(integer: number): bigint | number | undefined;
  /** Turns the promise of a reply into what an export returns. */
  settle<T>(reply: PromiseLike<T>): Settled<T>;
}

const QUICKJS_WITHOUT_SUPPORT =
  "QuickJS does not run promises by itself, and this component was built without the SDK's support for " +
  "them: build it with `spikard-wasm-js build --engine quickjs`, or make the handlers and hooks synchronous";

/** The engine in use; `quickjs.ts` replaces its parts. */
export const engine: Engine = {
  started: false,
  encode: undefined,
  // The bindings of StarlingMonkey trap on a negative one, and give one back as if it had no sign.
  int64: (integer) => (integer < 0 ? undefined : BigInt(integer)),
  settle<T>(reply: PromiseLike<T>) {
    // componentize-qjs leaves this mark in every component it makes.
    if ("__cqjs" in globalThis) throw new Error(QUICKJS_WITHOUT_SUPPORT);
    return reply as Promise<T>;
  },
};
