/** `console` (https://console.spec.whatwg.org). Each call is an entry of the host's log. */
import { log } from "spikard:natives";
import { now } from "spikard:natives/clock";
import { kind } from "spikard:natives/values";
import { define } from "./define.ts";
import { type InspectOptions, inspect } from "./inspect.ts";
import { Kind } from "./kind.ts";
import { table } from "./table.ts";

/** Formats the arguments of a function of `console`. */
export function formatAll(values: readonly unknown[]): string {
  const [first] = values;
  let text = "";
  let next = 0;
  if (typeof first === "string") {
    next = 1;
    text =
      values.length === 1
        ? first
        : first.replace(/%[sdifjoOc%]/g, (specifier) => {
            if (specifier === "%%") return "%";
            if (next >= values.length) return specifier;
            return substitute(specifier, values[next++]);
          });
    if (next === values.length) return text;
    text += " ";
  }
  const rest = values.slice(next);
  return text + rest.map((value) => (typeof value === "string" ? value : inspect(value))).join(" ");
}

function substitute(specifier: string, value: unknown): string {
  switch (specifier) {
    case "%s":
      return textOf(value);
    case "%d":
      if (typeof value === "bigint") return `${value}n`;
      return typeof value === "object" || typeof value === "symbol" ? "NaN" : inspect(Number(value));
    case "%i":
      if (typeof value === "bigint") return `${value}n`;
      return typeof value === "object" || typeof value === "symbol"
        ? "NaN"
        : inspect(Number.parseInt(value as string, 10));
    case "%f":
      return typeof value === "symbol" ? "NaN" : inspect(Number.parseFloat(attempt(() => String(value))));
    case "%j":
      return attempt(() => JSON.stringify(value) ?? "undefined");
    case "%o":
      return inspect(value, { showHidden: true, depth: 4 });
    case "%O":
      return inspect(value);
    default:
      return "";
  }
}

function attempt(convert: () => string): string {
  try {
    return convert();
  } catch {
    return "[Circular]";
  }
}

/** Converts for `%s`: with `toString` only if an object has one that is not built in. */
function textOf(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return String(value);
  if (typeof value === "function" && !Object.hasOwn(value, "toString")) return String(value);
  try {
    const method: unknown = (value as { toString?: unknown }).toString;
    const builtIn = [
      Object.prototype.toString,
      Array.prototype.toString,
      Date.prototype.toString,
      RegExp.prototype.toString,
    ];
    if (kind(value) === Kind.Error && method === Error.prototype.toString) return String(value);
    if (typeof method === "function" && !builtIn.includes(method as () => string)) return String(value);
  } catch {
    // Shown like any other object.
  }
  return inspect(value, { depth: 0 });
}

/** Maximum number of counters, timers and group levels. Their labels can come from requests. */
const LIMIT = 1000;
/** Maximum number of characters of a label. */
const LABEL = 256;
const counters = new Map<string, number>();
const starts = new Map<string, number>();
/** The indentation of the open groups. */
let indent = "";

function remember(map: Map<string, number>, label: string, value: number): void {
  if (map.size >= LIMIT && !map.has(label)) map.delete(map.keys().next().value as string);
  map.set(label, value);
}

const labelOf = (label: unknown): string => (label === undefined ? "default" : String(label).slice(0, LABEL));

/** The levels of the log; see `Level` in `src/log.rs`. */
const Level = { Debug: 0, Info: 1, Warn: 2, Error: 3 } as const;
type Level = (typeof Level)[keyof typeof Level];

function write(text: string, level: Level): void {
  log(indent === "" ? text : indent + text.replaceAll("\n", `\n${indent}`), level);
}

const out = (...values: unknown[]): void => write(formatAll(values), Level.Info);
const warn = (...values: unknown[]): void => write(formatAll(values), Level.Warn);
const err = (...values: unknown[]): void => write(formatAll(values), Level.Error);

function elapsed(label: string, values: unknown[]): boolean {
  const start = starts.get(label);
  if (start === undefined) {
    warn(`timer \`${label}\` does not exist; start it with console.time`);
    return false;
  }
  const time = now() - start;
  const text = time < 1000 ? `${Number(time.toFixed(3))}ms` : `${(time / 1000).toFixed(3)}s`;
  const more = values.map((value) => ` ${typeof value === "string" ? value : inspect(value)}`);
  write(`${label}: ${text}${more.join("")}`, Level.Info);
  return true;
}

const members = {
  log(...values: unknown[]): void {
    out(...values);
  },
  info(...values: unknown[]): void {
    out(...values);
  },
  debug(...values: unknown[]): void {
    write(formatAll(values), Level.Debug);
  },
  warn(...values: unknown[]): void {
    warn(...values);
  },
  error(...values: unknown[]): void {
    err(...values);
  },
  dir(value?: unknown, options?: InspectOptions): void {
    write(inspect(value, options ?? {}), Level.Info);
  },
  dirxml(...values: unknown[]): void {
    out(...values);
  },
  table(data?: unknown, columns?: readonly string[]): void {
    const text = table(data, columns);
    if (text === undefined) out(data);
    else write(text, Level.Info);
  },
  clear(): void {
    indent = "";
  },

  assert(condition?: unknown, ...values: unknown[]): void {
    if (condition) return;
    if (typeof values[0] === "string") err(`Assertion failed: ${values[0]}`, ...values.slice(1));
    else err("Assertion failed", ...values);
  },

  trace(...values: unknown[]): void {
    const lines = (new Error().stack ?? "").trimEnd().split("\n").slice(1);
    const title = values.length === 0 ? "Trace" : `Trace: ${formatAll(values)}`;
    write([title, ...lines].join("\n"), Level.Info);
  },

  group(...values: unknown[]): void {
    if (values.length > 0) out(...values);
    if (indent.length < 2 * LIMIT) indent += "  ";
  },
  groupCollapsed(...values: unknown[]): void {
    members.group(...values);
  },
  groupEnd(): void {
    indent = indent.slice(2);
  },

  count(label?: unknown): void {
    const name = labelOf(label);
    const count = (counters.get(name) ?? 0) + 1;
    remember(counters, name, count);
    write(`${name}: ${count}`, Level.Info);
  },
  countReset(label?: unknown): void {
    const name = labelOf(label);
    if (!counters.delete(name))
      write(`counter \`${name}\` does not exist; count it with console.count`, Level.Warn);
  },

  time(label?: unknown): void {
    const name = labelOf(label);
    if (starts.has(name)) write(`timer \`${name}\` already exists; end it with console.timeEnd`, Level.Warn);
    else remember(starts, name, now());
  },
  timeLog(label?: unknown, ...values: unknown[]): void {
    elapsed(labelOf(label), values);
  },
  timeEnd(label?: unknown): void {
    const name = labelOf(label);
    if (elapsed(name, [])) starts.delete(name);
  },
  timeStamp(): void {},
};

// As in the standard, the prototype of the namespace is an empty object.
const console = Object.assign(Object.create({}) as typeof members, members);
Object.defineProperty(console, Symbol.toStringTag, { value: "console", configurable: true });
define({ console });

/** Logs an error that a callback threw. */
export function logUncaught(place: string, error: unknown): void {
  write(`uncaught error in ${place}: ${inspect(error)}`, Level.Error);
}
