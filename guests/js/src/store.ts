/**
 * Key-value stores.
 */
import { base64, bytesOf } from "./bytes.js";
import type { Content } from "./host/types.js";
import { operate, type Result } from "./io.js";
import { describe, textArgument, wellFormed } from "./text.js";

const OK = 200;

/** What a store can hold: text and bytes. Use `JSON.stringify` for anything else. */
export type StoreValue = string | Uint8Array | ArrayBuffer;

const encoder = () => new TextEncoder();

/** Returns the bytes of a value. */
function valueBytes(value: unknown): Uint8Array {
  if (typeof value === "string") return encoder().encode(wellFormed(value));
  const bytes = bytesOf(value);
  if (bytes !== undefined) return bytes;
  throw new TypeError(`the value is ${describe(value)}; give a string or a Uint8Array`);
}

function content(value: unknown): Content {
  return { tag: "bytes", val: valueBytes(value) };
}

/**
 * A key-value store of the host, which the grant `keyvalue` names. Create it anywhere, and use it in handlers and hooks.
 *
 * ```js
 * const store = new Store();
 * app.get("/visits", async () => ({ visits: await store.increment("visits") }));
 * ```
 */
export class Store {
  /** The name of the store. */
  readonly name: string;

  constructor(name = "default") {
    this.name = textArgument(name, "the name of a store");
  }

  /** Returns the value of a key as text, or `undefined` if the key is absent. */
  async get(key: string): Promise<string | undefined> {
    const bytes = await this.getBytes(key);
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  }

  /** Returns the value of a key as bytes, or `undefined` if the key is absent. */
  async getBytes(key: string): Promise<Uint8Array | undefined> {
    const { status, body } = await this.run("get", key);
    if (status !== OK) return undefined;
    return (body as Uint8Array | undefined) ?? new Uint8Array();
  }

  /** Sets a key. It is deleted after `ttl` milliseconds. */
  async set(key: string, value: StoreValue, options: { readonly ttl?: number } = {}): Promise<void> {
    await this.run("set", key, { ttl_ms: options.ttl }, content(value));
  }

  /** Deletes a key. */
  async delete(key: string): Promise<void> {
    await this.run("delete", key);
  }

  /** Returns true if a key has a value. */
  async exists(key: string): Promise<boolean> {
    return (await this.run("exists", key)).status === OK;
  }

  /** Adds to the integer of a key, 0 if it is absent, and returns the sum. */
  async increment(key: string, by = 1): Promise<number> {
    if (!Number.isSafeInteger(by)) throw new TypeError(`cannot add \`${by}\`; give an integer below 2^53`);
    const { head } = await this.run("increment", key, { by });
    return Number(head.value);
  }

  /**
   * Sets a key to `value` if its current value is `expected`, and returns true if it did. `undefined` stands for an
   * absent key.
   */
  async swap(key: string, expected: StoreValue | undefined, value: StoreValue): Promise<boolean> {
    const was = expected === undefined ? null : base64(valueBytes(expected));
    return (await this.run("swap", key, { expected: was }, content(value))).status === OK;
  }

  /**
   * Returns all keys, a page at a time.
   *
   * ```js
   * for await (const key of store.list()) console.log(key);
   * ```
   */
  async *list(): AsyncGenerator<string, void, undefined> {
    let cursor: string | undefined;
    do {
      const { head } = await operate("kv.list", { store: this.name, cursor });
      yield* (head.keys as string[] | undefined) ?? [];
      cursor = head.cursor as string | undefined;
    } while (cursor !== undefined && cursor !== null);
  }

  private run(name: string, key: string, more: object = {}, body?: Content): Promise<Result> {
    const head = { store: this.name, key: textArgument(key, "the key of a store"), ...more };
    return operate(`kv.${name}`, head, { body });
  }
}
