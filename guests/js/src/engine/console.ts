/**
 * `console` for QuickJS. It has the functions of the Console standard (https://console.spec.whatwg.org), without
 * format specifiers, and writes to the component's standard output and standard error.
 */
import { getStderr } from "wasi:cli/stderr@0.2.12";
import { getStdout } from "wasi:cli/stdout@0.2.12";
import { Utf8Encoder } from "./text.js";

const encoder = new Utf8Encoder();

/** Formats a value for output: a string unchanged, an error with its stack, anything else as JSON. */
export function show(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    if (value instanceof Error) return `${value}\n${value.stack ?? ""}`.trimEnd();
    if (typeof value !== "object" || value === null) return String(value);
    return (
      JSON.stringify(value, (_, member) => (typeof member === "bigint" ? `${member}n` : member)) ?? tag(value)
    );
  } catch {
    return tag(value);
  }
}

function tag(value: unknown): string {
  try {
    return Object.prototype.toString.call(value);
  } catch {
    return "[object]";
  }
}

/** The indentation of the open groups, written before each line. */
let indent = "";

function writer(stream: typeof getStdout): (...values: unknown[]) => void {
  return (...values) => {
    // Get the stream on each call: one from module evaluation would not work after the snapshot.
    const output = stream();
    const text = values.map(show).join(" ");
    const lines = indent === "" ? text : indent + text.replaceAll("\n", `\n${indent}`);
    const bytes = encoder.encode(`${lines}\n`);
    // WASI accepts at most 4096 bytes per call.
    for (let at = 0; at < bytes.length; at += 4096) output.blockingWriteAndFlush(bytes.slice(at, at + 4096));
    output[Symbol.dispose]();
  };
}

const out = writer(getStdout);
const err = writer(getStderr);

/** Maximum number of counter labels, timer labels and group levels. Labels can come from requests. */
const LIMIT = 1000;
const counters = new Map<string, number>();
const starts = new Map<string, number>();

function remember(map: Map<string, number>, label: string, value: number): void {
  if (map.size >= LIMIT && !map.has(label)) map.delete(map.keys().next().value as string);
  map.set(label, value);
}

function elapsed(label: string, values: unknown[]): void {
  const start = starts.get(label);
  if (start === undefined) err(`timer \`${label}\` does not exist; start it with console.time`);
  else out(`${label}: ${Date.now() - start}ms`, ...values);
}

function group(...values: unknown[]): void {
  if (values.length > 0) out(...values);
  if (indent.length < 2 * LIMIT) indent += "  ";
}

/** The global `console`. */
export const console = {
  log: out,
  info: out,
  debug: out,
  warn: err,
  error: err,
  dir: (value?: unknown) => out(value),
  dirxml: out,
  table: (value?: unknown) => out(value),
  clear() {
    indent = "";
  },

  assert(condition?: unknown, ...values: unknown[]): void {
    if (condition) return;
    if (typeof values[0] === "string") err(`Assertion failed: ${values[0]}`, ...values.slice(1));
    else err("Assertion failed", ...values);
  },

  trace(...values: unknown[]): void {
    const stack = (new Error().stack ?? "").trimEnd();
    err(...(values.length === 0 ? ["Trace"] : ["Trace:", ...values]), `\n${stack}`);
  },

  group,
  groupCollapsed: group,
  groupEnd(): void {
    indent = indent.slice(2);
  },

  count(label: unknown = "default"): void {
    const name = String(label);
    const count = (counters.get(name) ?? 0) + 1;
    remember(counters, name, count);
    out(`${name}: ${count}`);
  },
  countReset(label: unknown = "default"): void {
    const name = String(label);
    if (!counters.delete(name)) err(`counter \`${name}\` does not exist; count it with console.count`);
  },

  time(label: unknown = "default"): void {
    const name = String(label);
    if (starts.has(name)) err(`timer \`${name}\` already exists; end it with console.timeEnd`);
    else remember(starts, name, Date.now());
  },
  timeLog: (label: unknown = "default", ...values: unknown[]) => elapsed(String(label), values),
  timeEnd(label: unknown = "default"): void {
    elapsed(String(label), []);
    starts.delete(String(label));
  },
  timeStamp(): void {},
};
