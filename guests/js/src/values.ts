/**
 * The contexts: values that hooks and handlers share, for one request or for the whole app. A value is anything with
 * a JSON form; the host stores its text.
 */
import { host } from "#host";
import { type Call, inCall } from "./call.js";
import { engine } from "./engine/engine.js";
import type { HostGlobalContext } from "./host/types.js";
import { textArgument, wellFormedJson } from "./text.js";

/** The host rejected a key or value: it exceeds a limit, the key is reserved, or `add` cannot add to the value. */
export class ContextError extends Error {
  override readonly name = "ContextError";
}

/** Returns the host's message. One engine throws the string itself, the other an error that contains it. */
function sentence(thrown: unknown): string {
  if (typeof thrown === "string") return thrown;
  const { payload, message } = (thrown ?? {}) as { payload?: unknown; message?: unknown };
  return typeof payload === "string" ? payload : typeof message === "string" ? message : String(thrown);
}

function guarded<T>(call: () => T): T {
  try {
    return call();
  } catch (thrown) {
    throw new ContextError(sentence(thrown));
  }
}

/** Returns a key as text for the host. */
function keyText(key: unknown): string {
  return textArgument(key, "the key of a context");
}

function textOf(key: string, value: unknown): string {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined)
    throw new TypeError(`the value of \`${key}\` is a ${typeof value}, which has no JSON form`);
  return wellFormedJson(text);
}

/** Returns the JSON text of a value, or `undefined` for `undefined`. */
function optionalText(key: string, value: unknown): string | undefined {
  return value === undefined ? undefined : textOf(key, value);
}

function parsed<T>(text: string | undefined | null): T | undefined {
  return text === undefined || text === null ? undefined : JSON.parse(text);
}

const WHAT = "the local context";

/**
 * Values of one request, shared by its hooks and its handler in all instances; at most 1 MiB in total. Keys that begin
 * with `spikard.` are read-only: `spikard.jwt` has the claims of a verified token, `spikard.api-key` the name of the
 * client's API key.
 */
export class LocalContext {
  private readonly call: Call;

  constructor(call: Call) {
    this.call = call;
  }

  /** The value of a key. */
  get<T = unknown>(key: string): T | undefined {
    inCall(this.call, WHAT);
    return parsed(host.local.get(keyText(key)));
  }

  /** Sets the value of a key. */
  set(key: string, value: unknown): void {
    const name = keyText(key);
    const text = textOf(name, value);
    // Checked last because the `toJSON` of a value can end the call.
    inCall(this.call, WHAT);
    guarded(() => host.local.set(name, text));
  }

  /** Removes a key. */
  delete(key: string): void {
    inCall(this.call, WHAT);
    const name = keyText(key);
    guarded(() => host.local.set(name, undefined));
  }
}

/**
 * Values of the app, shared by all of its instances in one host, in memory; at most 16 MiB in total. Each method is
 * atomic. Use `add` and `swap` for changes that depend on the current value.
 */
export class GlobalContext {
  private readonly store: () => HostGlobalContext;

  constructor(store: () => HostGlobalContext = () => host.global) {
    this.store = store;
  }

  /** The value of a key. */
  get<T = unknown>(key: string): T | undefined {
    return parsed(this.store().get(keyText(key)));
  }

  /** Sets the value of a key. */
  set(key: string, value: unknown): void {
    const name = keyText(key);
    const text = textOf(name, value);
    guarded(() => this.store().set(name, text));
  }

  /** Removes a key. */
  delete(key: string): void {
    const name = keyText(key);
    guarded(() => this.store().set(name, undefined));
  }

  /** Adds to the integer of a key, 0 if it is missing, and returns the sum, exact up to 2^53. */
  add(key: string, delta = 1): number {
    const name = keyText(key);
    if (!Number.isSafeInteger(delta)) {
      throw new TypeError(`cannot add \`${String(delta)}\` to \`${name}\`: give an integer below 2^53`);
    }
    const passed = engine.int64(delta);
    if (passed === undefined) return this.addBySwap(name, BigInt(delta));
    const sum = guarded(() => this.store().add(name, passed));
    return typeof sum === "bigint" ? Number(BigInt.asIntN(64, sum)) : sum;
  }

  /** Adds with `swap`, and repeats it if another instance has changed the value meanwhile. */
  private addBySwap(key: string, delta: bigint): number {
    for (;;) {
      const text = this.store().get(key) ?? undefined;
      if (text !== undefined && !/^-?\d+$/.test(text)) {
        throw new ContextError(`the value of \`${key}\` is not an integer of 64 bits`);
      }
      const sum = BigInt(text ?? 0) + delta;
      if (BigInt.asIntN(64, sum) !== sum)
        throw new ContextError(`the sum for \`${key}\` has more than 64 bits`);
      if (guarded(() => this.store().swap(key, text, String(sum)))) return Number(sum);
    }
  }

  /**
   * Sets a key to `value` if its current value is `expected`, and returns true if it did. `undefined` stands for a
   * missing key. Values are equal if `JSON.stringify` returns the same text for them.
   *
   * ```js
   * for (let old; ; ) {
   *   old = app.globals.get("names");
   *   if (app.globals.swap("names", old, [...(old ?? []), name])) break;
   * }
   * ```
   */
  swap(key: string, expected: unknown, value: unknown): boolean {
    const name = keyText(key);
    const [was, is] = [optionalText(name, expected), optionalText(name, value)];
    return guarded(() => this.store().swap(name, was, is));
  }
}

/** The context of the app. The host holds its state. */
export const globals = new GlobalContext();
