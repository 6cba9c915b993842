/** `URL` and `URLSearchParams` (https://url.spec.whatwg.org). */
import { origin, type Parts, parse, parseForm, serializeForm, set } from "spikard:natives/url";
import { expose, inspected, need, usv } from "./define.ts";

/** The positions in `Parts`. */
const SCHEME_END = 1;
const USERNAME = 2;
const USERNAME_END = 3;
const PASSWORD = 4;
const PASSWORD_END = 5;
const HOST = 6;
const HOST_END = 7;
const PORT = 8;
const PORT_END = 9;
const PATH = 10;
const PATH_END = 11;
const QUERY_END = 12;

// The private members that the two classes use of each other.
let update: (url: URL, query: string) => void;
let attach: (params: URLSearchParams, url: URL) => void;
let refresh: (params: URLSearchParams, query: string) => void;

function parsed(text: unknown, base: unknown): Parts {
  const parts = parse(text as string, base === undefined ? undefined : usv(base));
  if (parts) return parts;
  const error = new TypeError(
    parts === undefined
      ? `the base \`${base}\` is not an absolute URL`
      : base === undefined
        ? `\`${text}\` is not an absolute URL; give one, or pass a base`
        : `\`${text}\` is not a valid URL with the base \`${base}\``,
  );
  throw Object.assign(error, { code: "ERR_INVALID_URL", input: String(text) });
}

/** The global `URL`. */
export class URL {
  #parts: Parts;
  #params: URLSearchParams | undefined;

  constructor(text: string | URL, base?: string | URL) {
    need(1, arguments.length, "new URL");
    this.#parts = parsed(usv(text), base);
  }

  static canParse(text: string | URL, base?: string | URL): boolean {
    need(1, arguments.length, "URL.canParse");
    return Boolean(parse(usv(text), base === undefined ? undefined : usv(base)));
  }

  static parse(text: string | URL, base?: string | URL): URL | null {
    need(1, arguments.length, "URL.parse");
    return URL.canParse(text, base) ? new URL(text, base) : null;
  }

  #slice(start: number, end: number): string {
    const [href] = this.#parts;
    return href.slice(this.#parts[start] as number, this.#parts[end] as number);
  }

  #set(part: number, value: unknown): void {
    const parts = set(this.#parts[0], part, usv(value));
    if (parts !== null) this.#parts = parts;
  }

  get href(): string {
    return this.#parts[0];
  }
  set href(value: string) {
    this.#parts = parsed(usv(value), undefined);
    this.#refresh();
  }
  get origin(): string {
    return origin(this.#parts[0]);
  }
  get protocol(): string {
    return this.#parts[0].slice(0, (this.#parts[SCHEME_END] as number) + 1);
  }
  set protocol(value: string) {
    this.#set(0, value);
  }
  get username(): string {
    return this.#slice(USERNAME, USERNAME_END);
  }
  set username(value: string) {
    this.#set(1, value);
  }
  get password(): string {
    return this.#slice(PASSWORD, PASSWORD_END);
  }
  set password(value: string) {
    this.#set(2, value);
  }
  get host(): string {
    return this.#slice(HOST, PORT_END);
  }
  set host(value: string) {
    this.#set(3, value);
  }
  get hostname(): string {
    return this.#slice(HOST, HOST_END);
  }
  set hostname(value: string) {
    this.#set(4, value);
  }
  get port(): string {
    return this.#slice(PORT, PORT_END);
  }
  set port(value: string) {
    this.#set(5, value);
  }
  get pathname(): string {
    return this.#slice(PATH, PATH_END);
  }
  set pathname(value: string) {
    this.#set(6, value);
  }
  get search(): string {
    const query = this.#slice(PATH_END, QUERY_END);
    return query === "?" ? "" : query;
  }
  set search(value: string) {
    this.#set(7, value);
    this.#refresh();
  }
  get hash(): string {
    const hash = this.#parts[0].slice(this.#parts[QUERY_END] as number);
    return hash === "#" ? "" : hash;
  }
  set hash(value: string) {
    this.#set(8, value);
  }
  get searchParams(): URLSearchParams {
    if (this.#params === undefined) {
      this.#params = new URLSearchParams(this.search);
      attach(this.#params, this);
    }
    return this.#params;
  }

  #refresh(): void {
    if (this.#params !== undefined) refresh(this.#params, this.search);
  }

  toString(): string {
    return this.#parts[0];
  }
  toJSON(): string {
    return this.#parts[0];
  }

  static {
    update = (url, query) => url.#set(7, query);
    Object.defineProperty(URL.prototype, inspected, {
      value(this: URL, depth: number, _: unknown, inspect: (value: unknown) => string) {
        if (depth < 0) return "[URL]";
        const { href, origin, protocol, username, password, host, hostname, port, pathname, search } = this;
        const { searchParams, hash } = this;
        const shown = { href, origin, protocol, username, password, host, hostname, port, pathname, search };
        return `URL ${inspect({ ...shown, searchParams, hash })}`;
      },
    });
  }
}

type Init = string | URLSearchParams | Iterable<Iterable<unknown>> | Record<string, unknown>;

/** Returns names and values in turn. */
function listOf(init: Init | null): string[] {
  if ((typeof init !== "object" && typeof init !== "function") || init === null) {
    const text = usv(init);
    return parseForm(text.startsWith("?") ? text.slice(1) : text);
  }
  const list: string[] = [];
  const iterator = (init as Iterable<Iterable<unknown>>)[Symbol.iterator];
  if (iterator !== undefined && iterator !== null) {
    for (const pair of init as Iterable<Iterable<unknown>>) {
      if ((typeof pair !== "object" && typeof pair !== "function") || pair === null) {
        throw new TypeError("an entry of the parameters is not an array; give pairs of a name and a value");
      }
      const items = Array.from(pair);
      if (items.length !== 2) {
        throw new TypeError(
          `an entry of the parameters has ${items.length} items; give pairs of a name and a value`,
        );
      }
      list.push(usv(items[0]), usv(items[1]));
    }
    return list;
  }
  for (const key of Reflect.ownKeys(init)) {
    if (!Object.prototype.propertyIsEnumerable.call(init, key)) continue;
    const name = usv(key);
    const value = usv((init as Record<PropertyKey, unknown>)[key]);
    // Two keys can become the same name, and the last one wins.
    let at = list.length;
    for (let other = 0; other < list.length; other += 2) if (list[other] === name) at = other;
    list[at] = name;
    list[at + 1] = value;
  }
  return list;
}

/** The global `URLSearchParams`. */
export class URLSearchParams {
  /** Names and values in turn. */
  #list: string[];
  #url: URL | undefined;

  constructor(init: Init = "") {
    this.#list =
      init !== null && typeof init === "object" && #list in init ? init.#list.slice() : listOf(init);
  }

  static {
    attach = (params, url) => {
      params.#url = url;
    };
    refresh = (params, query) => {
      params.#list = parseForm(query.slice(1));
    };
    Object.defineProperty(URLSearchParams.prototype, inspected, {
      value(this: URLSearchParams, depth: number, _: unknown, inspect: (value: unknown) => string) {
        if (depth < 0) return "[Object]";
        const items = Array.from(this, ([name, value]) => `${inspect(name)} => ${inspect(value)}`);
        if (items.length === 0) return "URLSearchParams {}";
        const line = items.join(", ");
        return line.length < 60
          ? `URLSearchParams { ${line} }`
          : `URLSearchParams {\n  ${items.join(",\n  ")} }`;
      },
    });
  }

  #changed(): void {
    if (this.#url !== undefined) update(this.#url, this.toString());
  }

  get size(): number {
    return this.#list.length / 2;
  }

  append(name: string, value: string): void {
    need(2, arguments.length, "append");
    this.#list.push(usv(name), usv(value));
    this.#changed();
  }

  delete(name: string, value?: string): void {
    need(1, arguments.length, "delete");
    const [key, only] = [usv(name), value === undefined ? undefined : usv(value)];
    const list = this.#list;
    this.#list = list.filter((_, at) => {
      const start = at - (at % 2);
      return list[start] !== key || (only !== undefined && list[start + 1] !== only);
    });
    this.#changed();
  }

  get(name: string): string | null {
    need(1, arguments.length, "get");
    const key = usv(name);
    for (let at = 0; at < this.#list.length; at += 2)
      if (this.#list[at] === key) return this.#list[at + 1] as string;
    return null;
  }

  getAll(name: string): string[] {
    need(1, arguments.length, "getAll");
    const key = usv(name);
    return this.#list.filter((_, at) => at % 2 === 1 && this.#list[at - 1] === key);
  }

  has(name: string, value?: string): boolean {
    need(1, arguments.length, "has");
    const [key, only] = [usv(name), value === undefined ? undefined : usv(value)];
    return this.#list.some(
      (text, at) => at % 2 === 0 && text === key && (only === undefined || this.#list[at + 1] === only),
    );
  }

  set(name: string, value: string): void {
    need(2, arguments.length, "set");
    const [key, text] = [usv(name), usv(value)];
    let found = false;
    const list: string[] = [];
    for (let at = 0; at < this.#list.length; at += 2) {
      const own = this.#list[at] as string;
      if (own !== key) list.push(own, this.#list[at + 1] as string);
      else if (!found) list.push(key, text);
      found ||= own === key;
    }
    if (!found) list.push(key, text);
    this.#list = list;
    this.#changed();
  }

  sort(): void {
    const pairs = Array.from(this.entries());
    // Compares UTF-16 code units.
    pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    this.#list = pairs.flat();
    this.#changed();
  }

  forEach(callback: (value: string, name: string, params: URLSearchParams) => void, self?: unknown): void {
    if (typeof callback !== "function") throw new TypeError("`forEach` needs a function");
    for (const [name, value] of this) callback.call(self, value, name, this);
  }

  *entries(): Generator<[string, string]> {
    for (let at = 0; at < this.#list.length; at += 2)
      yield [this.#list[at] as string, this.#list[at + 1] as string];
  }
  *keys(): Generator<string> {
    for (let at = 0; at < this.#list.length; at += 2) yield this.#list[at] as string;
  }
  *values(): Generator<string> {
    for (let at = 1; at < this.#list.length; at += 2) yield this.#list[at] as string;
  }
  declare [Symbol.iterator]: () => Generator<[string, string]>;

  toString(): string {
    return serializeForm(this.#list);
  }
}

/** Makes a class iterable with its method `entries`. */
export function iterable(type: { prototype: { entries: unknown } }): void {
  const value = type.prototype.entries;
  Object.defineProperty(type.prototype, Symbol.iterator, { value, writable: true, configurable: true });
}

iterable(URLSearchParams);
expose({ URL, URLSearchParams }, { URL: 1, parse: 1, canParse: 1, delete: 1, has: 1, forEach: 1 });
