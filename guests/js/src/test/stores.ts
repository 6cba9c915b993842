/**
 * Key-value stores in memory.
 */
import type { Content } from "../host/types.js";
import { Failed, type Operation } from "./outcome.js";

/** Maximum size of a key, in bytes. */
const KEY = 1024;
/** Number of keys of a page. */
const PAGE = 1000;

interface Entry {
  readonly value: Uint8Array;
  readonly until: number;
}

const bytesOf = (body: Content): Uint8Array =>
  body.tag === "bytes" ? body.val.slice() : new TextEncoder().encode(body.tag === "empty" ? "" : body.val);

/** Returns the operations of new stores. A store exists as soon as it is used. */
export function stores(): Readonly<Record<string, Operation>> {
  const all = new Map<string, Map<string, Entry>>();
  const storeOf = (name: string): Map<string, Entry> => {
    let store = all.get(name);
    if (store === undefined) {
      store = new Map();
      all.set(name, store);
    }
    return store;
  };
  const find = (name: string, key: string): Uint8Array | undefined => {
    const size = new TextEncoder().encode(key).length;
    if (size < 1 || size > KEY)
      throw new Failed("invalid", `a key has 1 to ${KEY} bytes, and this one has ${size}`);
    const entry = storeOf(name).get(key);
    if (entry !== undefined && entry.until > Date.now()) return entry.value;
    storeOf(name).delete(key);
    return undefined;
  };
  const put = (name: string, key: string, value: Uint8Array, ttl?: number) =>
    storeOf(name).set(key, { value, until: ttl === undefined ? Number.POSITIVE_INFINITY : Date.now() + ttl });
  return {
    "kv.get": async ({ store, key }) => {
      const bytes = find(store, key);
      return bytes === undefined ? { status: 404 } : { bytes: bytes.slice() };
    },
    "kv.set": async ({ store, key, ttl_ms }, body) => {
      find(store, key);
      put(store, key, bytesOf(body), ttl_ms);
      return undefined;
    },
    "kv.delete": async ({ store, key }) => {
      find(store, key);
      storeOf(store).delete(key);
      return undefined;
    },
    "kv.exists": async ({ store, key }) => ({ status: find(store, key) === undefined ? 404 : 200 }),
    "kv.increment": async ({ store, key, by }) => {
      const text = new TextDecoder().decode(find(store, key) ?? new TextEncoder().encode("0"));
      if (!/^-?\d+$/.test(text)) throw new Failed("invalid", `the value of \`${key}\` is not an integer`);
      const value = Number(text) + by;
      put(store, key, new TextEncoder().encode(String(value)));
      return { head: { value } };
    },
    "kv.swap": async ({ store, key, expected }, body) => {
      const now = find(store, key);
      const text = now === undefined ? null : Buffer.from(now).toString("base64");
      if (text !== expected) return { status: 409 };
      put(store, key, bytesOf(body));
      return undefined;
    },
    "kv.list": async ({ store, cursor }) => {
      const keys = [...storeOf(store).keys()].filter((key) => find(store, key) !== undefined).sort();
      const rest = cursor === undefined ? keys : keys.filter((key) => key > cursor);
      const page = rest.slice(0, PAGE);
      return { head: { keys: page, ...(rest.length > PAGE ? { cursor: page.at(-1) } : {}) } };
    },
  };
}
