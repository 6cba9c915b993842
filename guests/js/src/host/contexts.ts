/**
 * In-memory contexts for unit tests in Node.js, with the limits and errors of the host.
 */
import type { HostContext, HostGlobalContext } from "./types.js";

/** Maximum size of a key, in bytes. */
const KEY = 256;
const MIB = 1 << 20;
/** Prefix of the keys that only the host can set. */
const RESERVED = "spikard.";

const utf8 = new TextEncoder();
const length = (text: string) => utf8.encode(text).length;

class Store {
  readonly values = new Map<string, string>();
  private readonly limit: number;
  private size = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get(key: string): string | undefined {
    return this.values.get(key);
  }

  set(key: string, value: string | undefined): void {
    const bytes = length(key);
    if (bytes < 1 || bytes > KEY) throw new Error(`a key has 1 to ${KEY} bytes, and this one has ${bytes}`);
    const before = this.values.get(key);
    const freed = before === undefined ? 0 : bytes + length(before);
    const size = this.size - freed + (value === undefined ? 0 : bytes + length(value));
    if (value !== undefined && size > this.limit) {
      throw new Error(
        `with \`${key}\` the context would hold more than ${this.limit} bytes: remove entries that are no longer needed`,
      );
    }
    this.size = size;
    if (value === undefined) this.values.delete(key);
    else this.values.set(key, value);
  }
}

/** Creates the local context of a request with initial values, which are JSON texts. */
export function memoryLocal(values: Iterable<readonly [key: string, text: string]> = []): HostContext {
  const store = new Store(MIB);
  for (const [key, text] of values) store.set(key, text);
  return {
    get: (key) => store.get(key),
    set(key, value) {
      if (key.startsWith(RESERVED))
        throw new Error(
          `the key \`${key}\` is reserved for the host: choose one that does not begin with \`${RESERVED}\``,
        );
      store.set(key, value);
    },
  };
}

/** Creates the global context of an app. */
export function memoryGlobal(): HostGlobalContext {
  const store = new Store(16 * MIB);
  return {
    get: (key) => store.get(key),
    set: (key, value) => store.set(key, value),
    swap(key, expected, value) {
      if (store.get(key) !== expected) return false;
      store.set(key, value);
      return true;
    },
    add(key, delta) {
      const text = store.get(key) ?? "0";
      if (!/^-?\d+$/.test(text)) throw new Error(`the value of \`${key}\` is not an integer of 64 bits`);
      const sum = BigInt(text) + BigInt(delta);
      if (BigInt.asIntN(64, sum) !== sum) throw new Error(`the sum for \`${key}\` has more than 64 bits`);
      store.set(key, String(sum));
      return sum;
    },
  };
}
