/** `Headers` (https://fetch.spec.whatwg.org/#headers-class). */
import { expose, inspected, need } from "./define.ts";
import { HTTP_SPACES, trim } from "./trim.ts";
import { iterable } from "./url.ts";

export type HeadersInit = Headers | Iterable<Iterable<string>> | Record<string, string>;

function nameOf(name: unknown): string {
  const text = String(name);
  if (/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text)) return text.toLowerCase();
  throw new TypeError(`\`${text}\` is not a valid header name`);
}

function valueOf(value: unknown): string {
  const text = trim(String(value), HTTP_SPACES);
  if (!/[\0\n\r\u0100-\uffff]/.test(text)) return text;
  throw new TypeError(
    `\`${text}\` is not a valid header value; encode characters above U+00FF, and remove line breaks`,
  );
}

export class Headers {
  /** The values of each name in lower case. */
  readonly #map = new Map<string, string[]>();

  constructor(init?: HeadersInit) {
    if (init === undefined) return;
    if ((typeof init !== "object" && typeof init !== "function") || init === null) {
      throw new TypeError("the headers are not an object; give an object or pairs of a name and a value");
    }
    if (#map in init) {
      for (const [name, values] of init.#map) this.#map.set(name, values.slice());
      return;
    }
    const iterator = (init as Iterable<Iterable<string>>)[Symbol.iterator];
    if (iterator !== undefined && iterator !== null) {
      for (const pair of init as Iterable<Iterable<string>>) {
        const items = typeof pair === "object" && pair !== null ? Array.from(pair) : [];
        if (items.length !== 2)
          throw new TypeError("an entry of the headers is not a pair of a name and a value");
        this.append(items[0] as string, items[1] as string);
      }
      return;
    }
    for (const key of Reflect.ownKeys(init)) {
      if (!Object.prototype.propertyIsEnumerable.call(init, key)) continue;
      this.append(key as string, (init as Record<PropertyKey, string>)[key] as string);
    }
  }

  append(name: string, value: string): void {
    need(2, arguments.length, "append");
    const [key, text] = [nameOf(name), valueOf(value)];
    const values = this.#map.get(key);
    if (values === undefined) this.#map.set(key, [text]);
    else values.push(text);
  }
  delete(name: string): void {
    need(1, arguments.length, "delete");
    this.#map.delete(nameOf(name));
  }
  get(name: string): string | null {
    need(1, arguments.length, "get");
    return this.#map.get(nameOf(name))?.join(", ") ?? null;
  }
  getSetCookie(): string[] {
    return this.#map.get("set-cookie")?.slice() ?? [];
  }
  has(name: string): boolean {
    need(1, arguments.length, "has");
    return this.#map.has(nameOf(name));
  }
  set(name: string, value: string): void {
    need(2, arguments.length, "set");
    this.#map.set(nameOf(name), [valueOf(value)]);
  }
  forEach(callback: (value: string, name: string, headers: Headers) => void, self?: unknown): void {
    if (typeof callback !== "function") throw new TypeError("`forEach` needs a function");
    for (const [name, value] of this) callback.call(self, value, name, this);
  }

  /** Returns the pairs in the order of their names. Each cookie is a pair of its own. */
  #sorted(): [string, string][] {
    const names = Array.from(this.#map.keys()).sort();
    return names.flatMap((name): [string, string][] => {
      const values = this.#map.get(name) as string[];
      return name === "set-cookie" ? values.map((value) => [name, value]) : [[name, values.join(", ")]];
    });
  }
  *entries(): Generator<[string, string]> {
    yield* this.#sorted();
  }
  *keys(): Generator<string> {
    for (const [name] of this.#sorted()) yield name;
  }
  *values(): Generator<string> {
    for (const [, value] of this.#sorted()) yield value;
  }
  declare [Symbol.iterator]: () => Generator<[string, string]>;

  static {
    Object.defineProperty(Headers.prototype, inspected, {
      value(this: Headers, depth: number, _: unknown, inspect: (value: unknown) => string) {
        return depth < 0 ? "[Headers]" : `Headers ${inspect(Object.fromEntries(this))}`;
      },
    });
  }
}
iterable(Headers);
expose({ Headers }, { Headers: 0, forEach: 1 });
