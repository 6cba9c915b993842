/**
 * Formats values for people, in the format of `util.inspect` of Node.js with its default options.
 *
 * The file has more than 500 lines because the formats of the classes call each other and share one state.
 *
 * It calls no trap of a proxy and no getter but the one of `Symbol.toStringTag`, so that printing an object does not
 * change it.
 */
import { kind, promise, proxyTarget } from "spikard:natives/values";
import { inspected } from "./define.ts";
import { Kind } from "./kind.ts";

export interface InspectOptions {
  /** The number of levels of nested objects. */
  depth?: number | null;
  showHidden?: boolean;
}

/** Maximum number of elements of an array, a map or a set. */
const MAX_ITEMS = 100;
/** Maximum number of characters of a string in an object. */
const MAX_STRING = 10_000;
/** Number of columns of a line. */
const WIDTH = 80;
/** Maximum number of levels of nested objects. The stack has room for them. */
const DEEPEST = 50;
/** Maximum number of nested levels in one line. */
const COMPACT = 3;

interface State {
  readonly depth: number;
  readonly hidden: boolean;
  /** The objects around the current one. */
  readonly seen: object[];
  /** The objects that contain themselves, and their numbers. */
  readonly circular: Map<object, number>;
  indent: number;
  /** The level of the last object that was formatted. */
  level: number;
}

/** Formats a value. Never throws. */
export function inspect(value: unknown, options: InspectOptions = {}): string {
  const state: State = {
    depth: Math.min(DEEPEST, options.depth === null ? DEEPEST : Number(options.depth ?? 2)),
    hidden: options.showHidden === true,
    seen: [],
    circular: new Map(),
    indent: 0,
    level: 0,
  };
  try {
    return format(state, value, 0);
  } catch {
    return typeof value === "function" ? "[Function]" : "[Object]";
  }
}

/** The values of control characters and backslashes in string literals. */
const ESCAPES: Readonly<Record<string, string>> = {
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\f": "\\f",
  "\r": "\\r",
  "\\": "\\\\",
};

/** Returns a string literal. */
export function quote(text: string): string {
  const mark = !text.includes("'") ? "'" : !text.includes('"') ? '"' : !/[`$]/.test(text) ? "`" : "'";
  const body = text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are escaped
    .replace(/[\x00-\x1f\\\x7f-\x9f]/g, (character) => {
      const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0");
      return ESCAPES[character] ?? `\\x${code}`;
    })
    .replace(/\p{Surrogate}/gu, (unit) => `\\u${unit.charCodeAt(0).toString(16).toUpperCase()}`);
  return mark + (mark === "'" ? body.replaceAll("'", "\\'") : body) + mark;
}

function formatPrimitive(state: State, value: unknown): string {
  if (typeof value === "string") {
    const rest = value.length - MAX_STRING;
    const more = rest > 0 ? `... ${rest} more character${rest > 1 ? "s" : ""}` : "";
    const text = rest > 0 ? value.slice(0, MAX_STRING) : value;
    if (text.length > 16 && text.length > WIDTH - state.indent - 4 && text.includes("\n")) {
      const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
      return lines.map(quote).join(` +\n${" ".repeat(state.indent + 2)}`) + more;
    }
    return quote(text) + more;
  }
  if (typeof value === "bigint") return `${value}n`;
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Returns the value of a property if it is not a getter. */
function data(object: object, key: PropertyKey): unknown {
  for (let from: object | null = object; from !== null && kind(from) !== Kind.Proxy; ) {
    const property = Object.getOwnPropertyDescriptor(from, key);
    if (property !== undefined) return property.value;
    from = Object.getPrototypeOf(from);
  }
  return undefined;
}

/** Returns the name of an object's class; `null` if it has none. */
function className(object: object): string | null {
  for (let from: object | null = object; from !== null && kind(from) !== Kind.Proxy; ) {
    const type = Object.getOwnPropertyDescriptor(from, "constructor")?.value;
    const name = typeof type === "function" && Object.getOwnPropertyDescriptor(type, "name")?.value;
    if (typeof name === "string" && name !== "") {
      // The prototype of a class is not an instance of it.
      const own = from === object && Object.getOwnPropertyDescriptor(type, "prototype")?.value === object;
      if (!own || Object.getPrototypeOf(object) === null) return name;
    }
    from = Object.getPrototypeOf(from);
  }
  return null;
}

/** Returns the class and the tag of an object before its braces, such as `Map(2)`. */
function prefix(name: string | null, tag: string, fallback: string, size = ""): string {
  const suffix = tag !== "" && tag !== name ? ` [${tag}]` : "";
  return name === null ? `[${fallback}${size}: null prototype]${suffix}` : `${name}${size}${suffix}`;
}

/** Returns the tag of an object, unless it is shown as a property. */
function tagOf(object: object): string {
  if (Object.prototype.propertyIsEnumerable.call(object, Symbol.toStringTag)) return "";
  try {
    const tag = (object as Record<symbol, unknown>)[Symbol.toStringTag];
    return typeof tag === "string" ? tag : "";
  } catch {
    return "";
  }
}

function format(state: State, value: unknown, level: number): string {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) {
    return formatPrimitive(state, value);
  }
  let target: unknown = value;
  while (kind(target) === Kind.Proxy) target = proxyTarget(target as object);
  if (kind(target) === Kind.Primitive) return "<Revoked Proxy>";
  const object = target as object;
  const custom = data(object, inspected);
  if (typeof custom === "function") {
    const options = { depth: state.depth - level, showHidden: state.hidden };
    const result: unknown = custom.call(value, options.depth, options, inspect);
    if (result !== value) {
      return typeof result === "string"
        ? result.replaceAll("\n", `\n${" ".repeat(state.indent)}`)
        : format(state, result, level);
    }
  }
  if (state.seen.includes(object)) {
    const number = state.circular.get(object) ?? state.circular.size + 1;
    state.circular.set(object, number);
    return `[Circular *${number}]`;
  }
  return formatObject(state, object, level);
}

/** The parts of an object's text: the prefix, the braces, and the items between them. */
interface Parts {
  base: string;
  braces: [string, string];
  items: () => string[];
  array?: boolean;
  /** Whether there are no items. */
  empty?: boolean;
}

function formatObject(state: State, object: object, level: number): string {
  const name = className(object);
  const tag = tagOf(object);
  const keys = keysOf(object, state.hidden);
  const parts = partsOf(state, object, level, name, tag, keys);
  if (keys.length === 0) {
    if (parts.braces[0] === "") return parts.base;
    if (parts.empty === true || parts.items === none) return parts.braces.join("");
  }
  if (level > state.depth) {
    const text = prefix(name, tag, kind(object) === Kind.Array ? "Array" : "Object");
    return `[${name === null ? text.slice(1, -1) : text}]`;
  }
  state.seen.push(object);
  state.level = level;
  let items: string[];
  try {
    items = parts.items();
    for (const key of keys) items.push(property(state, object, key, level));
  } finally {
    state.seen.pop();
  }
  const number = state.circular.get(object);
  const reference = number === undefined ? "" : `<ref *${number}>`;
  let { base, braces } = parts;
  if (braces[0] === "") braces = ["{", "}"];
  if (reference !== "") {
    if (base === "") braces = [`${reference} ${braces[0]}`, braces[1]];
    else base = `${reference} ${base}`;
  }
  if (items.length === 0) return `${base === "" ? "" : `${base} `}${braces[0]}${braces[1]}`;
  return join(state, items, base, braces, level, parts.array === true, object);
}

/** Returns the keys of an object that are shown: without the elements of an array. */
function keysOf(object: object, hidden: boolean): PropertyKey[] {
  const all = Reflect.ownKeys(object);
  const elements = kind(object) === Kind.Array || kind(object) === Kind.TypedArray;
  return all.filter((key) => {
    if (elements && typeof key === "string" && (/^(0|[1-9]\d*)$/.test(key) || (key === "length" && !hidden)))
      return false;
    return hidden ? true : Object.prototype.propertyIsEnumerable.call(object, key);
  });
}

const none = (): string[] => [];
const leaf = (base: string): Parts => ({ base, braces: ["", ""], items: none });

function partsOf(
  state: State,
  object: object,
  level: number,
  name: string | null,
  tag: string,
  keys: PropertyKey[],
): Parts {
  const braced = (text: string, items: () => string[], empty = false): Parts => ({
    base: "",
    braces: [`${text} {`, "}"],
    items,
    empty,
  });
  const inner = (value: unknown): string => {
    state.indent += 2;
    const text = format(state, value, level + 1);
    state.indent -= 2;
    return text;
  };
  switch (kind(object)) {
    case Kind.Array: {
      const array = object as unknown[];
      const text =
        name === "Array" && tag === "" ? "" : `${prefix(name, tag, "Array", `(${array.length})`)} `;
      return {
        base: "",
        braces: [`${text}[`, "]"],
        items: () => elements(state, array, level),
        array: true,
        empty: array.length === 0,
      };
    }
    case Kind.TypedArray: {
      const array = object as Uint8Array;
      const text = prefix(name, tag, tag, `(${array.length})`);
      return {
        base: "",
        braces: [`${text} [`, "]"],
        items: () => numbers(state, array),
        array: true,
        empty: array.length === 0,
      };
    }
    case Kind.Map: {
      const map = object as Map<unknown, unknown>;
      const size = Object.getOwnPropertyDescriptor(Map.prototype, "size")?.get?.call(map) as number;
      return braced(
        prefix(name, tag, "Map", `(${size})`),
        () => {
          const items: string[] = [];
          for (const [key, value] of Map.prototype.entries.call(map)) {
            if (items.length === MAX_ITEMS) break;
            items.push(`${inner(key)} => ${inner(value)}`);
          }
          return more(items, size);
        },
        size === 0,
      );
    }
    case Kind.Set: {
      const set = object as Set<unknown>;
      const size = Object.getOwnPropertyDescriptor(Set.prototype, "size")?.get?.call(set) as number;
      return braced(
        prefix(name, tag, "Set", `(${size})`),
        () => {
          const items: string[] = [];
          for (const value of Set.prototype.values.call(set)) {
            if (items.length === MAX_ITEMS) break;
            items.push(inner(value));
          }
          return more(items, size);
        },
        size === 0,
      );
    }
    case Kind.Function:
      return leaf(functionBase(object as () => void, name, tag));
    case Kind.Date: {
      const time = Date.prototype.getTime.call(object);
      return leaf(Number.isNaN(time) ? "Invalid Date" : Date.prototype.toISOString.call(object));
    }
    case Kind.RegExp:
      return leaf(RegExp.prototype.toString.call(object));
    case Kind.Error:
      return leaf(errorBase(state, object as Error, keys));
    case Kind.Promise: {
      const [outcome, result] = promise(object as Promise<unknown>);
      return braced(prefix(name, tag, "Promise"), () =>
        outcome === 0 ? ["<pending>"] : [outcome === 2 ? `<rejected> ${inner(result)}` : inner(result)],
      );
    }
    case Kind.ArrayBuffer:
      return braced(prefix(name, tag, "ArrayBuffer"), () => {
        const buffer = object as ArrayBuffer;
        if (buffer.detached) return ["(detached)", "byteLength: 0"];
        const shown = Array.from(new Uint8Array(buffer, 0, Math.min(50, buffer.byteLength)), (byte) =>
          byte.toString(16).padStart(2, "0"),
        );
        const rest = buffer.byteLength - shown.length;
        const text = shown.join(" ") + (rest > 0 ? ` ... ${rest} more byte${rest > 1 ? "s" : ""}` : "");
        return [`[Uint8Contents]: <${text}>`, `byteLength: ${buffer.byteLength}`];
      });
    case Kind.WeakMap:
    case Kind.WeakSet:
    case Kind.WeakRef:
      return braced(prefix(name, tag, "WeakMap"), () => ["<items unknown>"]);
  }
  if (object instanceof DOMException) return leaf(errorBase(state, object, keys));
  const boxed = unboxed(object);
  if (boxed !== undefined) {
    // The characters of a boxed string are not shown again.
    if (boxed[0] === "String")
      keys.splice(0, keys.length, ...keys.filter((key) => !/^\d+$/.test(String(key))));
    return leaf(`[${boxed[0]}: ${formatPrimitive(state, boxed[1])}]`);
  }
  if (ArrayBuffer.isView(object)) {
    const view = object as DataView;
    return braced(prefix(name, tag, "DataView"), () => [
      `byteLength: ${view.byteLength}`,
      `byteOffset: ${view.byteOffset}`,
      `buffer: ${inner(view.buffer)}`,
    ]);
  }
  if (Object.prototype.toString.call(object) === "[object Arguments]") {
    return { base: "", braces: ["[Arguments] {", "}"], items: none };
  }
  if (name === "Object" && tag === "") return { base: "", braces: ["{", "}"], items: none };
  return { base: "", braces: [`${prefix(name, tag, "Object")} {`, "}"], items: none };
}

/** Returns the class and the value of a boxed primitive. */
function unboxed(object: object): [string, unknown] | undefined {
  for (const type of [String, Number, Boolean, BigInt, Symbol]) {
    try {
      return [type.name, (type.prototype.valueOf as () => unknown).call(object)];
    } catch {
      // It is an object of another class.
    }
  }
  return undefined;
}

function functionBase(value: () => void, name: string | null, tag: string): string {
  const own = data(value, "name");
  const label = typeof own === "string" && own !== "" ? own : "";
  let source = "";
  try {
    source = Function.prototype.toString.call(value);
  } catch {
    // A callable object without a source.
  }
  if (source.startsWith("class")) {
    const parent = Object.getPrototypeOf(value) as { name?: string } | null;
    const base = parent !== null && data(parent, "name");
    return `[class ${label || "(anonymous)"}${typeof base === "string" && base !== "" ? ` extends ${base}` : ""}]`;
  }
  const type = name === null ? "Function (null prototype)" : name;
  const suffix = tag !== "" && tag !== name ? ` [${tag}]` : "";
  return `[${type}${label === "" ? " (anonymous)" : `: ${label}`}]${suffix}`;
}

/** Returns the first line of an error and its stack. Removes `stack` and `message` from the keys. */
function errorBase(state: State, error: Error, keys: PropertyKey[]): string {
  const read = (key: "name" | "message" | "stack"): string => {
    try {
      const value: unknown = error[key];
      return typeof value === "string" ? value : "";
    } catch {
      return "";
    }
  };
  const name = read("name") || "Error";
  const message = read("message");
  const type = className(error);
  // The class is shown too if the name does not have it.
  const full = type !== null && type !== name && name === "Error" ? type : name;
  const title = message === "" ? full : `${full}: ${message}`;
  const stack = read("stack").trimEnd();
  const hidden = ["name", "message", "stack"];
  keys.splice(0, keys.length, ...keys.filter((key) => !hidden.includes(key as string)));
  for (const key of ["cause", "errors"]) if (Object.hasOwn(error, key) && !keys.includes(key)) keys.push(key);
  const text = stack === "" ? `[${title}]` : stack.startsWith(title) ? stack : `${title}\n${stack}`;
  return text.replaceAll("\n", `\n${" ".repeat(state.indent)}`);
}

function more(items: string[], size: number): string[] {
  const rest = size - items.length;
  if (rest > 0) items.push(`... ${rest} more item${rest > 1 ? "s" : ""}`);
  return items;
}

function numbers(state: State, array: Uint8Array): string[] {
  const shown = Math.min(MAX_ITEMS, array.length);
  const items: string[] = [];
  for (let at = 0; at < shown; at++) items.push(formatPrimitive(state, array[at]));
  return more(items, array.length);
}

/** Formats the elements of an array; a run of missing ones as one item. */
function elements(state: State, array: readonly unknown[], level: number): string[] {
  const items: string[] = [];
  let at = 0;
  for (; at < array.length && items.length < MAX_ITEMS; at++) {
    if (Object.hasOwn(array, at)) {
      items.push(property(state, array, String(at), level, true));
      continue;
    }
    // Looks for the next element in the keys: an array can have billions of missing ones.
    const start = at;
    const next = Object.keys(array).find((key) => Number(key) > start && /^\d+$/.test(key));
    at = (next === undefined ? array.length : Number(next)) - 1;
    const count = at + 1 - start;
    items.push(`<${count} empty item${count > 1 ? "s" : ""}>`);
  }
  const rest = array.length - at;
  if (rest > 0) items.push(`... ${rest} more item${rest > 1 ? "s" : ""}`);
  return items;
}

function property(state: State, object: object, key: PropertyKey, level: number, element = false): string {
  const own = Object.getOwnPropertyDescriptor(object, key) ?? { value: undefined, enumerable: true };
  let text: string;
  if (own.get !== undefined) text = own.set === undefined ? "[Getter]" : "[Getter/Setter]";
  else if (own.set !== undefined) text = "[Setter]";
  else {
    state.indent += 2;
    text = format(state, own.value, level + 1);
    state.indent -= 2;
  }
  if (element) return text;
  let label: string;
  if (typeof key === "symbol") label = `[${String(key)}]`;
  else if (key === "__proto__") label = "['__proto__']";
  else if (own.enumerable === false) label = `[${String(key)}]`;
  else label = /^[a-zA-Z_][a-zA-Z_0-9]*$/.test(key as string) ? (key as string) : quote(key as string);
  return `${label}: ${text}`;
}

function join(
  state: State,
  list: string[],
  base: string,
  braces: [string, string],
  level: number,
  array: boolean,
  value: object,
): string {
  const start = base === "" ? "" : `${base} `;
  const items = array && list.length > 6 ? columns(state, list, value) : list;
  if (state.level - level < COMPACT && items === list) {
    let size = items.length * 2 + state.indent + braces[0].length + base.length + 10;
    for (const item of items) size += item.length;
    if (size <= WIDTH && !base.includes("\n") && !items.some((item) => item.includes("\n"))) {
      return `${start}${braces[0]} ${items.join(", ")} ${braces[1]}`;
    }
  }
  const line = `\n${" ".repeat(state.indent)}`;
  return `${start}${braces[0]}${line}  ${items.join(`,${line}  `)}${line}${braces[1]}`;
}

/** Arranges more than six short elements of an array in columns. Returns the same list if they do not fit. */
function columns(state: State, list: string[], value: object): string[] {
  const last = list.at(-1) ?? "";
  const rest = /^\.\.\. \d+ more item/.test(last) ? 1 : 0;
  const count = list.length - rest;
  const sizes: number[] = [];
  let longest = 0;
  let total = 0;
  for (const item of list.slice(0, count)) {
    sizes.push(item.length);
    total += item.length + 2;
    longest = Math.max(longest, item.length);
  }
  const width = longest + 2;
  if (width * 3 + state.indent >= WIDTH || !(total / width > 5 || longest <= 6)) return list;
  const biased = Math.max(width - 3 - Math.sqrt(width - total / list.length), 1);
  const number = Math.min(
    Math.round(Math.sqrt(2.5 * biased * count) / biased),
    Math.floor((WIDTH - state.indent) / width),
    COMPACT * 4,
    15,
  );
  if (number <= 1) return list;
  const widths: number[] = [];
  for (let column = 0; column < number; column++) {
    let most = 0;
    for (let at = column; at < count; at += number) most = Math.max(most, sizes[at] ?? 0);
    widths.push(most + 2);
  }
  const numeric = (Array.isArray(value) ? value : Array.from(value as Uint8Array))
    .slice(0, count)
    .every((item) => typeof item === "number" || typeof item === "bigint");
  const rows: string[] = [];
  for (let from = 0; from < count; from += number) {
    const to = Math.min(from + number, count);
    let row = "";
    for (let at = from; at < to; at++) {
      const end = at === to - 1;
      const item = `${list[at]}${end ? "" : ", "}`;
      const size = widths[at - from] ?? 0;
      if (numeric) row += end ? item.padStart(size - 2) : item.padStart(size);
      else row += end ? item : item.padEnd(size);
    }
    rows.push(row);
  }
  if (rest === 1) rows.push(last);
  return rows;
}
